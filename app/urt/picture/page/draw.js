// SPDX-License-Identifier: MIT
// What all drawing needs: elements, colours, a canvas as sharp as the screen, and
// one frame for all that has changed since the last one.
'use strict';

const $ = id => document.getElementById(id);

// Text is always text here, never markup: names are anybody's choice.
function element(tag, properties = {}, ...children) {
	const made = Object.assign(document.createElement(tag), properties);

	made.append(...children);
	return made;
}

// Puts others in the place of what is in there. Of its buttons, the one at the
// same place has the focus again.
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

// As picture_heat() has it.
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

// Those of the still picture, so that they are said once; the rest is the page's.
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
	// What was not searched for.
	colours.faint = colours.heat.map(c => mix(c, colours.panel, 0.78));
	colours.dark = matchMedia('(prefers-color-scheme: dark)').matches;
	// Readable on each of them, as in svg.css.
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
let lastDrawing = 0;		// ms that it took

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
