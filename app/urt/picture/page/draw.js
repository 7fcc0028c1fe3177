// SPDX-License-Identifier: MIT
// Parts of all drawing: elements, colours, a canvas as sharp as the screen, and
// one frame for all changes since the last frame.
'use strict';

const $ = id => document.getElementById(id);

// Text is always text here, never markup, because any process can choose its
// name.
function element(tag, properties = {}, ...children) {
	const made = Object.assign(document.createElement(tag), properties);

	made.append(...children);
	return made;
}

// Replaces the children. If a button had the focus, the new button at its place
// gets the focus.
function replace(parent, ...children) {
	const buttons = () => [...parent.querySelectorAll('button')];
	const at = buttons().indexOf(document.activeElement);

	parent.replaceChildren(...children);
	buttons()[at]?.focus({ preventScroll: true });
}

// "1 row", "2 rows"
const counted = (number, one, more = `${one}s`) =>
	`${grouped(number)} ${number === 1 ? one : more}`;

const HEAT_FULL = 8;
const HEAT_MORE = 9;
const colours = {};

// The same steps as picture_heat().
function heatOf(share) {
	if (share > 1.1)
		return HEAT_MORE;
	return share >= 1 ? HEAT_FULL : Math.round(share * HEAT_FULL);
}

function mix(a, b, part) {
	const parts = [a, b].map(c => c.match(/[0-9.]+/g).map(Number));

	return `rgb(${[0, 1, 2].map(k => Math.round(
		parts[0][k] * (1 - part) + parts[1][k] * part)).join(' ')})`;
}

function hexColour(text) {
	const hex = text.length === 4 ?
		text.replace(/[0-9a-f]/gi, '$&$&') : text;

	return `rgb(${[1, 3, 5].map(at =>
		parseInt(hex.slice(at, at + 2), 16)).join(' ')})`;
}

// Reads the colours of the still picture, so that they are defined once. The
// page adds its own.
function readColours() {
	const style = getComputedStyle(document.documentElement);
	const of = name => hexColour(style.getPropertyValue(name).trim());
	const still = name =>
		getComputedStyle(document.querySelector(`#still .${name}`));

	for (const name of ['panel', 'text', 'dim', 'line', 'tick', 'accent',
			    'bad', 'good', 'load'])
		colours[name] = of(`--${name}`);
	colours.heat = [];
	for (let heat = 0; heat <= HEAT_MORE; heat++)
		colours.heat.push(still(`k${heat}`).fill);
	// Processes that do not match the search.
	colours.faint = colours.heat.map(c => mix(c, colours.panel, 0.78));
	colours.dark = matchMedia('(prefers-color-scheme: dark)').matches;
	// Text colours that are readable on each heat, as in svg.css.
	colours.on = colours.heat.map((_, heat) => colours.dark ?
		(heat >= 5 ? '#16110a' : colours.text) :
		(heat >= 7 ? '#ffffff' : colours.text));
}

// Return: a context in which one unit is one pixel of CSS.
function prepare(canvas, width, height) {
	const ratio = window.devicePixelRatio || 1;
	const wide = Math.round(width * ratio);
	const high = Math.round(height * ratio);

	if (canvas.width !== wide || canvas.height !== high) {
		canvas.width = wide;
		canvas.height = high;
		canvas.style.width = `${width}px`;
		canvas.style.height = `${height}px`;
	}
	const context = canvas.getContext('2d', { alpha: false });
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.fillStyle = colours.panel;
	context.fillRect(0, 0, width, height);
	return context;
}

let pending = 0;
let lastDrawing = 0;		// ms that the last frame took

function drawAll() {
	const begin = performance.now();

	pending = 0;
	drawTimeline();
	drawOverview();
	lastDrawing = performance.now() - begin;
}

function invalidate() {
	if (!pending)
		pending = requestAnimationFrame(drawAll);
}
