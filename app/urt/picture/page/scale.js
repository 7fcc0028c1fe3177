// SPDX-License-Identifier: MIT
// The visible part of the run, and times as text.
'use strict';

const NS = { us: 1e3, ms: 1e6, s: 1e9, min: 60e9 };
const DAY = 86400 * NS.s;
const SHORTEST = 2000;		// ns, the shortest visible part

const view = {
	from: 0,
	to: facts.end_ns,
	width: 1,		// pixels
};

const span = () => view.to - view.from;
const xOf = ns => (ns - view.from) / span() * view.width;
const nsAt = x => view.from + x / view.width * span();

// The view may be a little longer than the run, so that its end can be seen.
const MARGIN = 0.012;
const earliest = -facts.end_ns * MARGIN / 4;
const latest = facts.end_ns * (1 + MARGIN);

function show(from, to) {
	const width = Math.min(Math.max(to - from, SHORTEST),
			       latest - earliest);
	const middle = (from + to) / 2;

	from = Math.max(earliest, Math.min(middle - width / 2, latest - width));
	view.from = from;
	view.to = from + width;
	invalidate();
}

const showAll = () => show(earliest, latest);
const isAll = () => span() > (latest - earliest) * 0.9999;
const pan = part => show(view.from + part * span(), view.to + part * span());

function zoom(factor, x = view.width / 2) {
	const at = nsAt(x);

	show(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

// --- times ---

const pad = (number, digits) => String(number).padStart(digits, '0');

// Seconds with three decimals, as urt prints them.
const seconds = ns => (Math.round(ns / NS.ms) / 1e3).toFixed(3);

// A duration in a suitable unit.
function duration(ns) {
	if (ns < NS.us)
		return `${Math.round(ns)} ns`;
	if (ns < NS.ms)
		return `${(ns / NS.us).toFixed(ns < 10 * NS.us ? 1 : 0)} µs`;
	if (ns < NS.s)
		return `${(ns / NS.ms).toFixed(ns < 100 * NS.ms ? 1 : 0)} ms`;
	if (ns < 2 * NS.min)
		return `${(ns / NS.s).toFixed(2)} s`;
	const s = Math.round(ns / NS.s);
	const minutes = Math.floor(s / 60);
	if (minutes < 60)
		return `${minutes} min ${pad(s % 60, 2)} s`;
	return `${Math.floor(minutes / 60)} h ${pad(minutes % 60, 2)} min`;
}

function tickStep(wanted) {
	const power = 10 ** Math.floor(Math.log10(wanted));
	const steps = wanted >= 10 * NS.s ?
		[10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400]
			.map(s => s * NS.s) :
		[power, 2 * power, 5 * power, 10 * power];

	return steps.find(step => step >= wanted) || Math.ceil(wanted / DAY) * DAY;
}

// A time with as many decimals as a step needs.
function inUnit(ns, step, unit, name) {
	const decimals = Math.ceil(Math.log10(unit / step) - 1e-9);

	return `${(ns / unit).toFixed(Math.max(0, decimals))} ${name}`;
}

function tickText(ns, step) {
	if (view.to < NS.us)
		return inUnit(ns, step, 1, 'ns');
	if (step < NS.ms)
		return inUnit(ns, step, NS.us, 'µs');
	if (step < NS.s && view.to < NS.s)
		return inUnit(ns, step, NS.ms, 'ms');
	if (view.to < 2 * NS.min || step < NS.s)
		return inUnit(ns, step, NS.s, 's');
	const s = Math.round(ns / NS.s);
	const minutes = Math.floor(s / 60);
	return minutes < 60 ? `${minutes}:${pad(s % 60, 2)}` :
		`${Math.floor(minutes / 60)}:${pad(minutes % 60, 2)}:${pad(s % 60, 2)}`;
}

// Calls back with x and text of each tick.
function eachTick(callback) {
	const step = tickStep(span() / Math.max(2, view.width / 110));

	for (let n = Math.max(0, Math.ceil(view.from / step));
	     n * step <= view.to; n++)
		callback(xOf(n * step), tickText(n * step, step));
}

// Puts thin spaces between groups of three digits.
const grouped = number =>
	String(number).replace(/\B(?=(\d{3})+$)/g, '\u2009');
