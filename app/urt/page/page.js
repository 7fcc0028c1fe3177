// SPDX-License-Identifier: MIT
// What the page knows: facts, as urt wrote them, and a column for each thing that
// is known of a process. A process is its index; it stands before its children,
// and those are the "size" that begin with it.
'use strict';

const facts = JSON.parse(document.getElementById('facts').textContent);
const STATUS_RUNNING = 0xffff;
const STATUS_UNREAPED = 0xfffe;
const HIDDEN = -1;

// Numbers of seven bits to the byte: see html_data.c.
class Numbers {
	constructor(base64) {
		this.bytes = atob(base64);
		this.at = 0;
	}

	// Beyond 32 bits, too: no bitwise operations on the sum.
	next() {
		let value = 0, unit = 1, byte;

		do {
			byte = this.bytes.charCodeAt(this.at++);
			value += (byte & 0x7f) * unit;
			unit *= 0x80;
		} while (byte & 0x80);
		return value;
	}

	nextDifference() {
		const value = this.next();

		return value % 2 ? -(value + 1) / 2 : value / 2;
	}
}

function emptyColumns(count) {
	return {
		count,
		parent: new Int32Array(count),
		size: new Uint32Array(count).fill(1),
		pid: new Int32Array(count),
		ppid: new Int32Array(count),
		start: new Float64Array(count),
		end: new Float64Array(count),
		user: new Float64Array(count),
		sys: new Float64Array(count),
		name: new Uint32Array(count),
		lane: new Uint32Array(count),
		status: new Int32Array(count),
		running: new Uint8Array(count),
		unreaped: new Uint8Array(count),
		chain: new Uint8Array(count),
	};
}

function readColumns() {
	const run = emptyColumns(facts.count);
	const element = document.getElementById('rows');
	const numbers = new Numbers(element.textContent);
	const above = [];	// the last one of each depth
	let pid = 0;

	for (let i = 0; i < run.count; i++) {
		const depth = numbers.next();
		const parent = depth ? above[depth - 1] : -1;

		above[depth] = i;
		run.parent[i] = parent;
		pid += numbers.nextDifference();
		run.pid[i] = pid;
		run.start[i] = numbers.nextDifference() +
			(depth ? run.start[parent] : 0);
		run.end[i] = run.start[i] + numbers.next();
		run.user[i] = numbers.next();
		run.sys[i] = numbers.next();
		run.name[i] = numbers.next();
		run.lane[i] = numbers.next();
		const status = numbers.next();
		const code = Math.floor(status / 2);
		run.chain[i] = status % 2;
		run.running[i] = code === STATUS_RUNNING;
		run.unreaped[i] = code === STATUS_UNREAPED;
		run.status[i] = code >= STATUS_UNREAPED ? HIDDEN : code - 1;
		run.ppid[i] = depth ? run.pid[parent] : numbers.next();
	}
	for (let i = run.count - 1; i > 0; i--)
		if (run.parent[i] >= 0)
			run.size[run.parent[i]] += run.size[i];
	element.remove();
	return run;
}

const run = readColumns();

const cpuOf = i => run.user[i] + run.sys[i];
const realOf = i => run.end[i] - run.start[i];
const shareOf = i => realOf(i) > 0 ? cpuOf(i) / realOf(i) : 0;
const nameOf = i => facts.names[run.name[i]];
const failed = i => run.status[i] > 0;

// As shells and urt say it.
function statusOf(i) {
	const status = run.status[i];

	if (run.running[i])
		return 'running';
	if (run.unreaped[i])
		return 'not reaped';
	if (status === HIDDEN)
		return '-';
	if (status & 0x7f)
		return facts.signals[status & 0x7f] || `signal ${status & 0x7f}`;
	return String(status >> 8);
}

// Of each name: what its processes used; [0] used most.
function sumNames() {
	const sums = facts.names.map((name, index) => ({
		index, name, count: 0, user: 0, sys: 0, real: 0, longest: 0,
		failed: 0, running: 0,
	}));

	for (let i = 0; i < run.count; i++) {
		const sum = sums[run.name[i]];

		sum.count++;
		sum.user += run.user[i];
		sum.sys += run.sys[i];
		sum.real += realOf(i);
		sum.longest = Math.max(sum.longest, realOf(i));
		sum.failed += failed(i);
		sum.running += run.running[i];
	}
	return sums;
}

const names = sumNames();
// SPDX-License-Identifier: MIT
// What is shown of the run: lanes, what is folded away, what was searched for.
'use strict';

const model = {
	byName: false,
	foldedNames: new Set(),
	folded: new Set(),	// processes whose descendants are not shown
	hidden: new Uint8Array(run.count),
	lanes: 0,
	first: null,		// of each lane, and the end: index of bars
	bars: null,		// of one lane after the other, by their start
	reach: null,		// until when bars of this lane, up to here, last
	laneOf: new Uint32Array(run.count),
	query: '',
	matches: null,		// null: nothing is searched for
	isMatch: new Uint8Array(run.count),
	selected: -1,
};

function sortedByStart() {
	return new Uint32Array(run.count).map((_, i) => i)
		.sort((a, b) => run.start[a] - run.start[b] || a - b);
}

const byStart = sortedByStart();

const isFolded = i => run.size[i] > 1 &&
	(model.folded.has(i) || model.foldedNames.has(run.name[i]));

function hideFolded() {
	model.hidden.fill(0);
	if (model.byName || (!model.folded.size && !model.foldedNames.size))
		return;
	for (let i = 0; i < run.count; i++) {
		if (!isFolded(i))
			continue;
		model.hidden.fill(1, i + 1, i + run.size[i]);
		i += run.size[i] - 1;
	}
}

// Lanes in which nothing is left are left out.
function numberLanes() {
	const lane = model.byName ? run.name : run.lane;
	const used = [];
	let count = 0;

	for (let i = 0; i < run.count; i++)
		if (!model.hidden[i])
			used[lane[i]] = 1;
	for (let i = 0; i < used.length; i++)
		if (used[i])
			used[i] = count++;
	for (let i = 0; i < run.count; i++)
		model.laneOf[i] = used[lane[i]];
	model.lanes = count;
}

// Which bars are in which lane, by their start.
function fillLanes() {
	const first = new Uint32Array(model.lanes + 1);
	const shown = byStart.filter(i => !model.hidden[i]);

	for (const i of shown)
		first[model.laneOf[i] + 1]++;
	for (let lane = 0; lane < model.lanes; lane++)
		first[lane + 1] += first[lane];
	const next = first.slice();
	const bars = new Uint32Array(shown.length);
	for (const i of shown)
		bars[next[model.laneOf[i]]++] = i;
	const reach = new Float64Array(shown.length);
	for (let lane = 0; lane < model.lanes; lane++) {
		let most = -1;

		for (let at = first[lane]; at < first[lane + 1]; at++)
			reach[at] = most = Math.max(most, run.end[bars[at]]);
	}
	Object.assign(model, { first, bars, reach });
}

function layOut() {
	hideFolded();
	numberLanes();
	fillLanes();
}

// The first bar of a lane that lasts until a moment or longer.
function firstUntil(lane, moment) {
	let low = model.first[lane], high = model.first[lane + 1];

	while (low < high) {
		const middle = (low + high) >> 1;

		if (model.reach[middle] < moment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The process in a lane that is nearest to a moment, at most so far away; the one
// that began last, if there are several.
function processAt(lane, moment, distance) {
	let best = -1, least = distance;

	if (lane < 0 || lane >= model.lanes)
		return -1;
	for (let at = firstUntil(lane, moment - distance);
	     at < model.first[lane + 1]; at++) {
		const i = model.bars[at];
		if (run.start[i] > moment + distance)
			break;
		const away = Math.max(run.start[i] - moment,
				      moment - run.end[i], 0);
		if (away <= least) {
			best = i;
			least = away;
		}
	}
	return best;
}

// --- search ---

const KINDS = {
	__proto__: null,	// nothing else is one, such as "constructor"
	'is:failed': failed,
	'is:running': i => run.running[i],
	'is:chain': i => run.chain[i],
};

// A function that says whether a process is meant.
function searcher(query) {
	const kind = KINDS[query.toLowerCase()];
	const whole = /^"(.*)"$/s.exec(query);
	const text = query.toLowerCase();

	if (kind)
		return kind;
	const meant = facts.names.map(name => whole ?
		name === whole[1] : name.toLowerCase().includes(text));
	const pid = /^[0-9]+$/.test(query) ? Number(query) : -1;
	return i => meant[run.name[i]] || run.pid[i] === pid;
}

function search(query) {
	model.query = query.trim();
	model.matches = null;
	model.isMatch.fill(0);
	if (!model.query)
		return;
	const meant = searcher(model.query);
	model.matches = byStart.filter(meant);
	for (const i of model.matches)
		model.isMatch[i] = 1;
}

// --- the critical chain ---

// What each link of it took by itself: what no other link below it explains.
function chainLinks() {
	const own = new Float64Array(run.count);
	const links = [];

	for (let i = 0; i < run.count; i++) {
		if (!run.chain[i])
			continue;
		links.push(i);
		own[i] += realOf(i);
		if (run.parent[i] >= 0)
			own[run.parent[i]] -= realOf(i);
	}
	return links.map(i => ({ process: i, own: own[i] }));
}
// SPDX-License-Identifier: MIT
// Which part of the run is seen, and times as text.
'use strict';

const NS = { us: 1e3, ms: 1e6, s: 1e9, min: 60e9 };
const DAY = 86400 * NS.s;
const SHORTEST = 2000;		// ns, to be seen at a time

const view = {
	from: 0,
	to: facts.end_ns,
	width: 1,		// pixels
};

const span = () => view.to - view.from;
const xOf = ns => (ns - view.from) / span() * view.width;
const nsAt = x => view.from + x / view.width * span();

// A little more than the run, so that its end is seen to be one.
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

// In the unit that suits.
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

// In as many decimals as a step needs.
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

// Calls back with x and text of each.
function eachTick(callback) {
	const step = tickStep(span() / Math.max(2, view.width / 110));

	for (let n = Math.max(0, Math.ceil(view.from / step));
	     n * step <= view.to; n++)
		callback(xOf(n * step), tickText(n * step, step));
}

// Thin spaces between groups of three digits.
const grouped = number =>
	String(number).replace(/\B(?=(\d{3})+$)/g, '\u2009');
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

// As urt_picture_heat() has it.
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
// SPDX-License-Identifier: MIT
// The timeline. Only lanes that are in sight are drawn, and of those only bars
// between the view's ends; what is narrower than a pixel is drawn together.
'use strict';

const AXIS = 22;		// pixels, above the lanes
const TALLEST = 22;
const LOWEST = 3;
const LOWEST_NAMED = 16;
const LABELLED = 13;		// lanes of this height have names in them
const LEAST_LETTERS = 5;	// of a name that is cut short
const ROOMY = 300;		// so few bars have names beside them

const timeline = {
	canvas: $('timeline'),
	scroller: $('lanes'),
	height: TALLEST,	// of a lane
	hover: -1,
	drawn: 0,		// bars, in the last frame
	letter: 7,		// width of one
};

// Lanes of names have these in them.
function setHeight(height) {
	timeline.height = Math.max(model.byName ? LOWEST_NAMED : LOWEST, height);
	sizeLanes();
}

function fitLanes() {
	const room = Math.max(220, window.innerHeight * 0.6) - AXIS;

	setHeight(Math.min(TALLEST, Math.floor(room / Math.max(1, model.lanes))));
}

// The scroller is as high as its lanes, or shows a part of them.
function sizeLanes() {
	const content = AXIS + model.lanes * timeline.height + 6;
	const room = Math.max(220, window.innerHeight * 0.6);
	const height = Math.ceil(Math.min(content, room));

	timeline.scroller.style.height = `${height + 2}px`;
	$('lanes-height').style.height = `${Math.max(0, content - height)}px`;
	view.width = timeline.scroller.clientWidth;
	timeline.visible = height;
	invalidate();
}

const laneTop = lane =>
	AXIS + lane * timeline.height - timeline.scroller.scrollTop;

const laneAt = y =>
	Math.floor((y - AXIS + timeline.scroller.scrollTop) / timeline.height);

// Draws the bars of a lane from the left to the right. Those narrower than a
// pixel wait in a column until one comes that is not in it; columns that look the
// same are one rectangle.
class LaneDrawer {
	constructor(context) {
		this.context = context;
		this.bottom = timeline.height > 5 ? 1 : 0;
	}

	begin(y) {
		this.y = y;
		this.column = -1;
		this.from = -1;		// of a rectangle of columns
		this.labels = [];
	}

	rectangle(x, width, heat, faint) {
		this.context.fillStyle =
			(faint ? colours.faint : colours.heat)[heat];
		this.context.fillRect(x, this.y, width,
				      timeline.height - this.bottom);
	}

	endColumn() {
		if (this.column < 0)
			return;
		const heat = heatOf(this.cpu / this.real);
		const faint = model.matches && !this.match;
		if (this.from < 0 || this.to !== this.column ||
		    this.heat !== heat || this.faint !== faint) {
			this.endColumns();
			this.from = this.column;
			this.heat = heat;
			this.faint = faint;
		}
		this.to = this.column + 1;
		this.column = -1;
	}

	endColumns() {
		if (this.from >= 0)
			this.rectangle(this.from, this.to - this.from,
				       this.heat, this.faint);
		this.from = -1;
	}

	thin(i, x) {
		const column = x > 0 ? Math.floor(x) : 0;

		if (column !== this.column) {
			this.endColumn();
			this.column = column;
			this.cpu = this.real = 0;
			this.match = 0;
		}
		this.cpu += cpuOf(i);
		this.real += realOf(i) + 1;	// who took no time is there, too
		this.match |= model.isMatch[i];
	}

	wide(i, x, end) {
		const from = Math.max(-2, x);
		const width = Math.max(1, Math.min(view.width + 2, end) - from -
				       (end - x > 4 ? 0.6 : 0));
		const faint = model.matches && !model.isMatch[i];
		const heat = heatOf(shareOf(i));

		this.endColumn();
		this.endColumns();
		this.rectangle(from, width, heat, faint);
		if (!faint)
			this.marks(i, from, width, end);
		if (timeline.height >= LABELLED)
			this.labels.push({ i, from, width, end, heat, faint });
	}

	// Each with some of the ground beside it: bars have all colours.
	marks(i, x, width, end) {
		const height = timeline.height - this.bottom;
		const right = Math.round(x + width);

		if (run.chain[i] && timeline.height >= 6 && width >= 3) {
			this.mark(colours.panel, x, height - 3, width, 1);
			this.mark(colours.good, x, height - 2, width, 2);
		}
		if (end > view.width)
			return;
		if (failed(i) && width >= 2) {
			if (width > 5)
				this.mark(colours.panel, right - 5, 0, 2, height);
			this.mark(colours.bad, right - 3, 0, 3, height);
		}
		if (run.running[i])
			for (let y = 0; y < height; y += 5)
				this.mark(colours.text, right - 2, y, 2, 3);
	}

	mark(colour, x, y, width, height) {
		this.context.fillStyle = colour;
		this.context.fillRect(x, this.y + y, width, height);
	}

	// In the bar, or beside it where nothing follows soon.
	label(at) {
		const { i, from, width, end, heat, faint } = this.labels[at];
		const next = this.labels[at + 1];
		const left = Math.max(0, from) + 5;
		const text = model.byName ? '' : nameOf(i) +
			(isFolded(i) ? ` ▸ ${grouped(run.size[i] - 1)}` : '');
		const wanted = text.length * timeline.letter;
		let room = from + width - left - 4, x = left;

		this.context.fillStyle = faint ? colours.dim : colours.on[heat];
		if (wanted > room && timeline.sparse && end < view.width) {
			const free = (next ? next.from : view.width) - end - 12;

			if (wanted <= free) {
				room = free;
				x = end + 4;
				this.context.fillStyle = colours.text;
			}
		}
		this.write(i, text, x, room);
	}

	write(i, text, x, room) {
		const fits = Math.floor(room / timeline.letter);
		const y = this.y + (timeline.height - this.bottom) / 2 + 0.5;

		if (fits < Math.min(text.length, LEAST_LETTERS) || !text)
			return;
		this.context.fillText(text.length > fits ?
			`${text.slice(0, fits - 1)}…` : text, x, y);
		if (fits < text.length + 10)
			return;
		this.context.globalAlpha = 0.75;
		this.context.fillText(duration(realOf(i)),
			x + (text.length + 1) * timeline.letter, y);
		this.context.globalAlpha = 1;
	}

	end() {
		this.endColumn();
		this.endColumns();
		for (let at = 0; at < this.labels.length; at++)
			this.label(at);
	}
}

function drawLane(drawer, lane) {
	const end = model.first[lane + 1];
	const scale = view.width / span();
	let at = firstUntil(lane, view.from);

	drawer.begin(laneTop(lane));
	for (; at < end; at++) {
		const i = model.bars[at];
		const x = (run.start[i] - view.from) * scale;
		const right = (run.end[i] - view.from) * scale;

		if (x > view.width)
			break;
		if (right < 0)
			continue;
		timeline.drawn++;
		if (right - x < 1.2)
			drawer.thin(i, x);
		else
			drawer.wide(i, x, right);
	}
	drawer.end();
}

function drawAxis(context) {
	context.fillStyle = colours.panel;
	context.fillRect(0, 0, view.width, AXIS);
	context.fillStyle = colours.line;
	context.fillRect(0, AXIS - 1, view.width, 1);
	context.font = '11px system-ui, "DejaVu Sans", sans-serif';
	eachTick((x, text) => {
		context.fillStyle = colours.line;
		context.fillRect(Math.round(x), AXIS - 6, 1, 6);
		context.fillStyle = colours.dim;
		if (x + 6 + context.measureText(text).width < view.width)
			context.fillText(text, x + 4, AXIS / 2);
	});
}

function drawGrid(context) {
	context.fillStyle = colours.tick;
	eachTick(x => context.fillRect(Math.round(x), AXIS, 1,
				       timeline.visible));
}

function outline(context, i, colour, thick) {
	if (i < 0 || model.hidden[i])
		return;
	const x = Math.max(-5, xOf(run.start[i]));
	const end = Math.min(view.width + 5, xOf(run.end[i]));
	context.strokeStyle = colour;
	context.lineWidth = thick;
	context.strokeRect(x - thick / 2, laneTop(model.laneOf[i]) - thick / 2,
			   Math.max(2, end - x) + thick,
			   timeline.height - 1 + thick);
}

// A lane's name stands at its left, on top of what is there.
function drawNames(context) {
	context.font = `${Math.min(12, timeline.height - 4)}px ui-monospace, "DejaVu Sans Mono", monospace`;
	for (let lane = 0; lane < model.lanes; lane++) {
		const y = laneTop(lane);
		if (y < 0 || y > timeline.visible)
			continue;
		const text = `${names[lane].name} ×${grouped(names[lane].count)}`;
		const width = context.measureText(text).width;
		context.globalAlpha = 0.86;
		context.fillStyle = colours.panel;
		context.fillRect(3, y, width + 10, timeline.height - 1);
		context.globalAlpha = 1;
		context.fillStyle = colours.text;
		context.fillText(text, 8, y + timeline.height / 2);
	}
}

function drawTimeline() {
	const context = prepare(timeline.canvas, view.width, timeline.visible);
	const drawer = new LaneDrawer(context);
	const last = Math.min(model.lanes - 1, laneAt(timeline.visible));

	context.textBaseline = 'middle';
	drawGrid(context);
	context.font = '12px ui-monospace, "DejaVu Sans Mono", Menlo, monospace';
	timeline.letter = context.measureText('m').width;
	timeline.sparse = timeline.drawn <= ROOMY;
	timeline.drawn = 0;
	for (let lane = Math.max(0, laneAt(AXIS)); lane <= last; lane++)
		drawLane(drawer, lane);
	if (timeline.hover >= 0 && timeline.hover !== model.selected)
		outline(context, timeline.hover, colours.text, 1);
	outline(context, model.selected, colours.accent, 2);
	if (model.byName)
		drawNames(context);
	drawAxis(context);
}
// SPDX-License-Identifier: MIT
// The whole run at a glance: how many CPUs were busy, and which part of it the
// timeline shows. Each process's CPU time is spread evenly over its life.
'use strict';

const overview = {
	canvas: $('overview'),
	height: 58,
	bins: null,
	most: 1,
};

// What lies in whole bins goes into changes, from which the sum is made at the
// end: as much work for a long process as for a short one.
function fillBins(count) {
	const bins = new Float64Array(count);
	const changes = new Float64Array(count + 1);
	const wide = (latest - earliest) / count;

	for (let i = 0; i < run.count; i++) {
		const begin = (run.start[i] - earliest) / wide;
		const end = (run.end[i] - earliest) / wide;
		const first = Math.floor(begin);
		const last = Math.min(count - 1, Math.floor(end));

		if (first >= last) {
			bins[last] += cpuOf(i) / wide;
			continue;
		}
		const each = cpuOf(i) / (end - begin) / wide;
		bins[first] += each * (first + 1 - begin);
		bins[last] += each * (end - last);
		changes[first + 1] += each;
		changes[last] -= each;
	}
	let level = 0;
	for (let at = 0; at < count; at++) {
		level += changes[at];
		bins[at] += level;
	}
	return bins;
}

function makeBins() {
	const most = overview.bins = fillBins(Math.max(1, view.width >> 1));
	const top = Math.ceil(Math.max(1, most.reduce((a, b) => Math.max(a, b))));

	overview.most = facts.cpus ? Math.min(top, facts.cpus) : top;
}

const overviewX = ns => (ns - earliest) / (latest - earliest) * view.width;
const overviewNs = x => earliest + x / view.width * (latest - earliest);

function drawLoad(context) {
	const { bins, most, height } = overview;

	context.fillStyle = colours.load;
	for (let at = 0; at < bins.length; at++) {
		const high = Math.min(1, bins[at] / most) * (height - 16);
		context.fillRect(at * view.width / bins.length, height - high,
				 view.width / bins.length, high);
	}
}

function drawBrush(context) {
	const from = overviewX(view.from), to = overviewX(view.to);

	if (isAll())
		return;
	context.globalAlpha = 0.68;
	context.fillStyle = colours.panel;
	context.fillRect(0, 0, from, overview.height);
	context.fillRect(to, 0, view.width - to, overview.height);
	context.globalAlpha = 1;
	context.strokeStyle = colours.accent;
	context.lineWidth = 1.5;
	context.strokeRect(from, 1, Math.max(2, to - from),
			   overview.height - 1);
}

// Where matches are, however few.
function drawMatches(context) {
	if (!model.matches)
		return;
	context.fillStyle = colours.accent;
	let last = -1;
	for (const i of model.matches) {
		const x = Math.floor(overviewX(run.start[i]));
		if (x !== last)
			context.fillRect(x, overview.height - 4, 1, 4);
		last = x;
	}
}

function drawOverview() {
	const context = prepare(overview.canvas, view.width, overview.height);

	if (!overview.bins || overview.bins.length !== Math.max(1, view.width >> 1))
		makeBins();
	drawLoad(context);
	drawBrush(context);
	drawMatches(context);
	context.fillStyle = colours.dim;
	context.font = '11px system-ui, "DejaVu Sans", sans-serif';
	context.textBaseline = 'middle';
	context.fillText(`CPUs busy, up to ${overview.most}`, 6, 8);
}
// SPDX-License-Identifier: MIT
// Two tables: processes, and names. Of 100,000 rows, those in sight are made.
'use strict';

const ROW = 26;			// pixels
const PRINTED = 32;		// rows, on paper: a page

const dash = value => value < 0 ? '-' : value;

const cpuTotal = facts.user_ns + facts.sys_ns;

// The width of columns of seconds: no number is larger than one of these.
const SECONDS = `${Math.max(108, 24 + 9 *
	seconds(Math.max(cpuTotal, facts.end_ns)).length)}px`;

// key: what it is sorted by.
const PROCESS_COLUMNS = [
	{ title: 'name', text: true, width: 'minmax(180px, 3fr)', key: i => nameOf(i), show: i => nameOf(i) },
	{ title: 'PID', width: '92px', key: i => run.pid[i], show: i => run.pid[i] },
	{ title: 'parent', width: '92px', key: i => run.ppid[i], show: i => dash(run.ppid[i]) },
	{ title: 'start s', width: SECONDS, key: i => run.start[i], show: i => seconds(run.start[i]) },
	{ title: 'real s', width: SECONDS, key: realOf, show: i => seconds(realOf(i)) },
	{ title: 'user s', width: SECONDS, key: i => run.user[i], show: i => seconds(run.user[i]) },
	{ title: 'sys s', width: SECONDS, key: i => run.sys[i], show: i => seconds(run.sys[i]) },
	{ title: 'CPU s', width: SECONDS, key: cpuOf, show: i => seconds(cpuOf(i)) },
	{ title: 'CPU', width: '76px', key: shareOf, show: i => percent(shareOf(i)) },
	{ title: 'below', width: '84px', key: i => run.size[i], show: i => grouped(run.size[i] - 1) },
	{ title: 'status', width: '100px', key: i => run.running[i] ? 1e6 : run.status[i], show: statusOf, bad: failed },
	{ title: 'chain', width: '70px', key: i => run.chain[i], show: i => run.chain[i] ? '●' : '', className: 'chain-mark' },
];

const NAME_COLUMNS = [
	{ title: 'name', text: true, width: 'minmax(180px, 3fr)', key: n => names[n].name, show: n => names[n].name },
	{ title: 'count', width: '92px', key: n => names[n].count, show: n => grouped(names[n].count) },
	{ title: 'user s', width: SECONDS, key: n => names[n].user, show: n => seconds(names[n].user) },
	{ title: 'sys s', width: SECONDS, key: n => names[n].sys, show: n => seconds(names[n].sys) },
	{ title: 'CPU s', width: SECONDS, key: n => names[n].user + names[n].sys, show: n => seconds(names[n].user + names[n].sys) },
	{ title: 'share', width: '84px', key: n => names[n].user + names[n].sys, show: n => `${(100 * (names[n].user + names[n].sys) / Math.max(1, cpuTotal)).toFixed(1)} %` },
	{ title: 'mean real s', width: SECONDS, key: n => names[n].real / names[n].count, show: n => seconds(names[n].real / names[n].count) },
	{ title: 'longest s', width: SECONDS, key: n => names[n].longest, show: n => seconds(names[n].longest) },
	{ title: 'not 0', width: '84px', key: n => names[n].failed, show: n => grouped(names[n].failed), bad: n => names[n].failed },
	{ title: 'running', width: '84px', key: n => names[n].running, show: n => grouped(names[n].running) },
];

const table = {
	box: $('table'),
	body: $('table-body'),
	ofNames: false,
	sorted: { false: { column: 7, down: true }, true: { column: 4, down: true } },
	rows: [],		// processes, or indices of names, in order
	active: -1,		// index of rows
	made: new Map(),	// index of rows: element
};

const columns = () => table.ofNames ? NAME_COLUMNS : PROCESS_COLUMNS;

function rowsToSort() {
	if (!table.ofNames)
		return model.matches ? model.matches.slice() : byStart.slice();
	const there = Uint32Array.from(names.keys());
	if (!model.matches)
		return there;
	const meant = new Set();
	for (const i of model.matches)
		meant.add(run.name[i]);
	return there.filter(n => meant.has(n));
}

// Numbers are looked up once, not at each comparison. Equal ones stay in order.
function sortRows() {
	const { column, down } = table.sorted[table.ofNames];
	const { key, text } = columns()[column];
	const rows = rowsToSort(), sign = down ? -1 : 1;

	if (text) {
		const rank = new Uint32Array(names.length);
		[...names.keys()].sort((a, b) => names[a].name < names[b].name ? -1 : 1)
			.forEach((name, at) => { rank[name] = at; });
		const of = table.ofNames ? n => rank[n] : i => rank[run.name[i]];
		rows.sort((a, b) => sign * (of(a) - of(b)));
	} else {
		const keys = new Float64Array(table.ofNames ? names.length : run.count);
		for (const row of rows)
			keys[row] = key(row);
		rows.sort((a, b) => sign * (keys[a] - keys[b]));
	}
	table.rows = rows;
}

// --- its head ---

function sortBy(column) {
	const sorted = table.sorted[table.ofNames];

	// Of numbers, the largest are what is looked for.
	sorted.down = sorted.column === column ? !sorted.down :
		!columns()[column].text;
	sorted.column = column;
	refreshTable();
	table.box.scrollTop = 0;
}

function makeHead() {
	const { column, down } = table.sorted[table.ofNames];

	table.box.style.setProperty('--columns',
		columns().map(c => c.width).join(' '));
	replace($('table-head'), ...columns().map((c, at) => {
		const cell = element('div', { role: 'columnheader', className: c.text ? 'text' : '' },
			element('button', {
				textContent: c.title + (at !== column ? '' : down ? ' ▾' : ' ▴'),
				onclick: () => sortBy(at),
			}));
		if (at === column)
			cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
		return cell;
	}));
}

// --- its rows ---

function cell(c, row) {
	const made = element('div', {
		role: 'gridcell',
		textContent: c.show(row),
		className: (c.text ? 'text name' : c.className || '') +
			(c.bad && c.bad(row) ? ' bad' : ''),
	});

	if (c.text)
		made.title = c.show(row);
	return made;
}

function makeRow(at) {
	const row = table.rows[at];
	const made = element('div', { role: 'row', className: 'row', id: `row-${at}` },
		...columns().map(c => cell(c, row)));

	made.style.top = `${at * ROW}px`;
	made.ariaRowIndex = at + 2;
	made.classList.toggle('even', at % 2 === 1);
	made.onclick = () => activate(at);
	made.ondblclick = openActive;
	return made;
}

function showRows() {
	const first = Math.max(0, Math.floor(table.box.scrollTop / ROW) - 10);
	const last = Math.min(table.rows.length,
		Math.ceil((table.box.scrollTop + table.box.clientHeight) / ROW) + 10);

	for (const [at, made] of table.made) {
		if (at < first || at >= last) {
			made.remove();
			table.made.delete(at);
		}
	}
	// In the order that they are seen in, for those who hear them.
	for (let at = last - 1, below = null; at >= first; at--) {
		if (!table.made.has(at)) {
			table.made.set(at, makeRow(at));
			table.body.insertBefore(table.made.get(at), below);
		}
		below = table.made.get(at);
	}
	markActive(table.active);
}

function refreshTable() {
	sortRows();
	makeHead();
	table.active = table.ofNames ? -1 : table.rows.indexOf(model.selected);
	table.made.clear();
	table.body.replaceChildren();
	table.body.style.height = `${table.rows.length * ROW}px`;
	table.box.ariaRowCount = table.rows.length + 1;
	const all = table.ofNames ? names.length : run.count;
	$('shown').textContent = table.rows.length === all ? counted(all, 'row') :
		`${grouped(table.rows.length)} of ${counted(all, 'row')}`;
	showRows();
}

// Only a row that is made can be pointed at.
function markActive(at) {
	table.active = at;
	for (const [index, made] of table.made) {
		made.classList.toggle('active', index === at);
		made.setAttribute('aria-selected', String(index === at));
	}
	if (table.made.has(at))
		table.box.setAttribute('aria-activedescendant', `row-${at}`);
	else
		table.box.removeAttribute('aria-activedescendant');
}

function scrollToRow(at) {
	const head = $('table-head').offsetHeight;
	const top = at * ROW, { box } = table;

	if (top < box.scrollTop)
		box.scrollTop = top;
	else if (top + ROW + head > box.scrollTop + box.clientHeight)
		box.scrollTop = top + ROW + head - box.clientHeight;
	showRows();
}

function activate(at) {
	if (!table.rows.length)
		return;
	at = Math.max(0, Math.min(table.rows.length - 1, at));
	scrollToRow(at);
	markActive(at);
	if (!table.ofNames)
		select(table.rows[at], false);
}

// Of a process: where it is; of a name: all that have it.
function openActive() {
	if (table.active < 0)
		return;
	if (table.ofNames)
		startSearch(`"${names[table.rows[table.active]].name}"`);
	else
		reveal(table.rows[table.active], true);
}

function showTable(ofNames) {
	table.ofNames = ofNames;
	$('tab-rows').setAttribute('aria-selected', String(!ofNames));
	$('tab-names').setAttribute('aria-selected', String(ofNames));
	table.box.setAttribute('aria-label', ofNames ? 'Names' : 'Processes');
	refreshTable();
	table.box.scrollTop = 0;
	showRows();
}

// --- on paper ---

function printRows() {
	const rows = [...table.rows.slice(0, PRINTED)];
	const line = (tag, texts) => element('tr', {}, ...texts.map((text, at) =>
		element(tag, { textContent: text, className: columns()[at].text ? 'text' : '' })));

	$('printed').replaceChildren(
		element('p', {
			textContent: `The first ${rows.length} of ${counted(table.rows.length, 'row')}, by ${columns()[table.sorted[table.ofNames].column].title}:`,
		}),
		element('table', {},
			element('thead', {}, line('th', columns().map(c => c.title))),
			element('tbody', {}, ...rows.map(row =>
				line('td', columns().map(c => c.show(row)))))));
}
// SPDX-License-Identifier: MIT
// In words: the run, one process, the critical chain.
'use strict';

const term = (name, value) =>
	[element('dt', { textContent: name }), element('dd', { textContent: value })];

const percent = share => `${Math.round(share * 100)} %`;

// --- the run ---

function card(title, value, unit = '') {
	return element('div', {}, element('dt', { textContent: title }),
		element('dd', { textContent: value }, element('small', {
			textContent: unit && ` ${unit}`,
		})));
}

function showFacts() {
	const cpu = facts.user_ns + facts.sys_ns;
	const busy = facts.real_ns ? cpu / facts.real_ns : 0;
	const bad = names.reduce((sum, name) => sum + name.failed, 0);

	$('command').textContent = facts.command;
	$('about').append(
		element('span', {
			className: facts.failed ? 'badge bad' : 'badge',
			textContent: facts.status,
		}), ...[facts.date, facts.place].map(text => text && ` · ${text}`));
	$('cards').append(
		card('real', seconds(facts.real_ns), 's'),
		card('CPU time', seconds(cpu), 's'),
		card('user', seconds(facts.user_ns), 's'),
		card('system', seconds(facts.sys_ns), 's'),
		card('mean CPUs busy', busy.toFixed(2),
		     facts.cpus ? `of ${facts.cpus}` : ''),
		card('processes', grouped(facts.processes)),
		card('status not 0', grouped(bad)));
	$('notes').append(...facts.notes.map(text =>
		element('li', { textContent: text })));
	$('notes').hidden = !facts.notes.length;
}

function showLegend() {
	$('ramp').replaceChildren();
	for (let heat = 0; heat <= HEAT_FULL; heat++) {
		const step = element('i');

		step.style.background = colours.heat[heat];
		$('ramp').append(step);
	}
	document.querySelector('.swatch.more').style.background =
		colours.heat[HEAT_MORE];
	document.querySelector('.stroke.chain').style.background = colours.good;
	document.querySelector('.mark.failed').style.background = colours.bad;
}

// --- one process ---

// Its ancestors, the last few of them if they are many.
function pathOf(i, most = 6) {
	const path = [];

	for (i = run.parent[i]; i >= 0 && path.length < most; i = run.parent[i])
		path.push(i);
	return { cut: i >= 0, path: path.reverse() };
}

function termsOf(i) {
	return [
		['PID', run.pid[i]], ['parent', run.ppid[i]],
		['start', `${seconds(run.start[i])} s`],
		['real', `${seconds(realOf(i))} s`],
		['user', `${seconds(run.user[i])} s`],
		['system', `${seconds(run.sys[i])} s`],
		['CPU', percent(shareOf(i))], ['status', statusOf(i)],
		...run.size[i] > 1 ?
			[['descendants', grouped(run.size[i] - 1)]] : [],
		...run.chain[i] ? [['critical chain', 'yes']] : [],
	];
}

function showTip(i, x, y) {
	const tip = $('tip');

	tip.hidden = i < 0;
	if (i < 0)
		return;
	const { cut, path } = pathOf(i);
	tip.replaceChildren(
		element('b', { textContent: nameOf(i) }),
		element('div', {
			className: 'path',
			textContent: (cut ? '… › ' : '') +
				path.map(nameOf).join(' › '),
		}),
		element('dl', {}, ...termsOf(i).flatMap(([name, value]) =>
			term(name, String(value)))));
	const box = tip.getBoundingClientRect();
	tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
	tip.style.top = `${y + 18 + box.height > innerHeight ?
		Math.max(4, y - box.height - 12) : y + 18}px`;
}

const action = (text, title, onclick) =>
	element('button', { textContent: text, title, onclick });

function pathButtons(i) {
	const { cut, path } = pathOf(i, 12);

	return [cut ? '… › ' : '', ...path.flatMap(up => [
		element('button', {
			textContent: nameOf(up), onclick: () => select(up),
		}), ' › ']), element('span', {
		className: 'name', textContent: nameOf(i),
	})];
}

function actionsOf(i) {
	const made = [action('Zoom to it', 'Enter', () => reveal(i, true))];

	if (run.size[i] > 1)
		made.push(action(model.folded.has(i) ? 'Unfold' : 'Fold what is below',
				 'f', () => toggleFold(i)));
	made.push(action(model.foldedNames.has(run.name[i]) ?
		`Unfold all “${nameOf(i)}”` : `Fold below all “${nameOf(i)}”`,
		'F', () => toggleFoldName(i)));
	made.push(action(`Find all “${nameOf(i)}”`, '',
			 () => startSearch(`"${nameOf(i)}"`)));
	return made;
}

function showDetails() {
	const i = model.selected, panel = $('details');

	panel.hidden = i < 0;
	if (i < 0)
		return;
	replace(panel,
		element('div', { className: 'path' }, ...pathButtons(i)),
		element('dl', {}, ...termsOf(i).map(([name, value]) =>
			element('div', {}, ...term(name, String(value))))),
		element('div', { className: 'actions' }, ...actionsOf(i)));
}

// --- the critical chain ---

const LINKS = 10;		// shown

function part(ns, whole, label) {
	const bar = element('i');

	bar.style.width = `${100 * ns / whole}%`;
	return element('div', { className: 'part' },
		element('span', { textContent: `${seconds(ns)} s` }),
		element('span', { textContent: `${(100 * ns / whole).toFixed(1)} %` }),
		element('div', { className: 'bar' }, bar, label));
}

const partHeads = label => element('div', { className: 'part heads' },
	...['by itself', 'share', label].map(textContent =>
		element('span', { textContent })));

const link = i => element('button', {
	className: 'link', textContent: `${nameOf(i)} (${run.pid[i]})`,
	onclick: () => reveal(i, true),
});

function showChain() {
	const links = chainLinks();
	const whole = Math.max(1, links.reduce((sum, one) => sum + one.own, 0));
	const byName = new Map();

	for (const { process, own } of links)
		byName.set(run.name[process],
			   (byName.get(run.name[process]) || 0) + own);
	const largest = map => [...map].sort((a, b) => b[1] - a[1]).slice(0, LINKS);

	$('critical-text').textContent =
		`The critical chain, ${grouped(links.length)} of ${counted(run.count, 'process', 'processes')}: from the end backwards, the command's child that ended last, then the one that ended last before that one began, and so on; the same within each of these. Were one of them faster, the run could have been shorter. The times are what each took by itself, without what it waited for that is on the chain, too.`;
	$('critical-parts').append(
		element('div', { className: 'parts' }, partHeads('name'),
			...largest(byName).map(([name, ns]) => part(ns, whole,
				element('span', {
					className: 'name',
					textContent: facts.names[name],
				})))),
		element('div', { className: 'parts' }, partHeads('process'),
			...largest(new Map(links.map(one => [one.process, one.own])))
				.map(([i, ns]) => part(ns, whole, link(i)))));
	$('critical').hidden = !links.length;
}
// SPDX-License-Identifier: MIT
// What people do: mouse, wheel and keys.
'use strict';

// --- actions ---

// One process is selected at a time, in timeline and table alike.
function select(i, inTable = true) {
	model.selected = i;
	showDetails();
	if (inTable && !table.ofNames) {
		const at = i < 0 ? -1 : table.rows.indexOf(i);

		markActive(at);
		if (at >= 0)
			scrollToRow(at);
	}
	invalidate();
}

function scrollToLane(lane) {
	const box = timeline.scroller, top = lane * timeline.height;

	if (top < box.scrollTop ||
	    top + timeline.height + AXIS > box.scrollTop + box.clientHeight)
		box.scrollTop = top - box.clientHeight / 2;
}

// What hides it is unfolded. close: it fills a good part of the view.
function reveal(i, close) {
	if (model.hidden[i]) {
		for (let up = run.parent[i]; up >= 0; up = run.parent[up]) {
			model.folded.delete(up);
			model.foldedNames.delete(run.name[up]);
		}
		changeLayout();
	}
	const middle = (run.start[i] + run.end[i]) / 2;
	const wide = close ? Math.max(realOf(i) * 1.4, SHORTEST) : span();
	if (close || run.start[i] < view.from || run.end[i] > view.to)
		show(middle - wide / 2, middle + wide / 2);
	scrollToLane(model.laneOf[i]);
	select(i);
}

function changeLayout() {
	layOut();
	fitLanes();
	$('unfold').hidden = !model.folded.size && !model.foldedNames.size;
	showDetails();
	invalidate();
}

function toggle(set, value) {
	if (!set.delete(value))
		set.add(value);
	changeLayout();
}

const toggleFold = i => run.size[i] > 1 && toggle(model.folded, i);
const toggleFoldName = i => toggle(model.foldedNames, run.name[i]);

function unfoldAll() {
	model.folded.clear();
	model.foldedNames.clear();
	changeLayout();
}

function showByName(byName) {
	model.byName = byName;
	$('as-tree').setAttribute('aria-pressed', String(!byName));
	$('as-names').setAttribute('aria-pressed', String(byName));
	changeLayout();
}

function startSearch(query) {
	$('search').value = query;
	search(query);
	const count = model.matches ? model.matches.length : 0;
	$('found').textContent = !model.matches ? '' :
		count === 1 ? '1 match' : `${grouped(count)} matches`;
	$('previous').disabled = $('next').disabled = !count;
	$('chain').setAttribute('aria-pressed', String(model.query === 'is:chain'));
	refreshTable();
	invalidate();
}

// The next one after the selected one, by start; round and round.
function step(by) {
	const { matches } = model;

	if (!matches || !matches.length)
		return;
	const at = matches.indexOf(model.selected);
	const next = at < 0 ? (by > 0 ? 0 : matches.length - 1) :
		(at + by + matches.length) % matches.length;
	reveal(matches[next], false);
	$('found').textContent = `${grouped(next + 1)} of ${grouped(matches.length)}`;
}

const toggleChain = () =>
	startSearch(model.query === 'is:chain' ? '' : 'is:chain');

const changeHeight = by => setHeight(Math.min(40, timeline.height + by));

// In the order of the tree; by: which way, past what is folded away.
function walk(to, by = 0) {
	while (by && model.hidden[to])
		to += by;
	if (to >= 0 && to < run.count)
		reveal(to, false);
}

const stepInTree = (i, by) => i < 0 ? walk(firstInView()) : walk(i + by, by);

function firstInView() {
	for (let lane = Math.max(0, laneAt(AXIS)); lane < model.lanes; lane++) {
		const at = firstUntil(lane, view.from);
		if (at < model.first[lane + 1])
			return model.bars[at];
	}
	return 0;
}

function showHelp() {
	if (!$('help').open)
		$('help').showModal();
}

// --- keys ---

// Of the timeline, when it has the focus. i: the selected process, or -1.
const TIMELINE_KEYS = [
	{ keys: ['ArrowLeft', 'ArrowRight'], show: '← →', text: 'move in time', act: (i, key) => pan(key === 'ArrowLeft' ? -0.15 : 0.15) },
	{ keys: [], show: '↑ ↓', text: 'move through the lanes, if they do not fit' },
	{ keys: ['+', '='], show: '+', text: 'zoom in', act: () => zoom(0.7) },
	{ keys: ['-', '_'], show: '-', text: 'zoom out', act: () => zoom(1 / 0.7) },
	{ keys: ['0', 'Home'], show: '0', text: 'the whole run', act: () => fit() },
	{ keys: ['[', ']'], show: '[ ]', text: 'lower, higher lanes', act: (i, key) => changeHeight(key === '[' ? -2 : 2) },
	{ keys: ['j', 'k'], show: 'j k', text: 'select the next, the previous process of the tree', act: (i, key) => stepInTree(i, key === 'j' ? 1 : -1) },
	{ keys: ['p'], show: 'p', text: 'select its parent', act: i => i >= 0 && walk(run.parent[i]) },
	{ keys: ['Enter'], show: 'Enter', text: 'zoom to it', act: i => i >= 0 ? reveal(i, true) : walk(firstInView()) },
	{ keys: ['f'], show: 'f', text: 'fold what is below it, or unfold', act: i => i >= 0 && toggleFold(i) },
	{ keys: ['F'], show: 'F', text: 'fold what is below all of its name', act: i => i >= 0 && toggleFoldName(i) },
];

// Everywhere but in the search.
const PAGE_KEYS = [
	{ keys: ['/'], show: '/', text: 'search; Enter goes to the next match', act: () => $('search').focus() },
	{ keys: ['n', 'N'], show: 'n N', text: 'next, previous match', act: (i, key) => step(key === 'n' ? 1 : -1) },
	{ keys: ['g'], show: 'g', text: 'tree, or a lane for each name', act: () => showByName(!model.byName) },
	{ keys: ['c'], show: 'c', text: 'the critical chain', act: toggleChain },
	{ keys: ['u'], show: 'u', text: 'unfold all', act: unfoldAll },
	{ keys: ['Escape'], show: 'Esc', text: 'select nothing; search for nothing', act: i => i >= 0 ? select(-1) : startSearch('') },
	{ keys: ['?'], show: '?', text: 'this', act: showHelp },
];

const MOUSE = [
	{ show: 'drag', text: 'moves the timeline; above it, chooses a part of the run' },
	{ show: 'Ctrl + wheel', text: 'zooms; Shift + wheel moves in time' },
	{ show: 'click', text: 'selects; a double click zooms to a process' },
	{ show: 'Enter', text: 'in a table: shows the process, or all of that name' },
];

function press(event, keys) {
	const found = !event.ctrlKey && !event.metaKey && !event.altKey &&
		keys.find(one => one.keys.includes(event.key));

	if (!found)
		return;
	event.preventDefault();
	event.stopPropagation();
	found.act(model.selected, event.key);
}

function fit() {
	fitLanes();
	timeline.scroller.scrollTop = 0;
	showAll();
}

const TABLE_KEYS = {
	ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20,
	End: Infinity, Home: -Infinity,
};

function pressInTable(event) {
	if (event.target !== table.box)
		return;
	if (event.key === 'Enter')
		openActive();
	else if (event.key in TABLE_KEYS)
		activate(table.active + TABLE_KEYS[event.key]);
	else
		return;
	event.preventDefault();
}

function pressInSearch(event) {
	event.stopPropagation();
	if (event.key === 'Enter')
		step(event.shiftKey ? -1 : 1);
	else if (event.key === 'Escape')
		(event.target.value ? startSearch('') : timeline.canvas.focus());
	else
		return;
	event.preventDefault();
}

function listKeys() {
	$('help-keys').append(...[...PAGE_KEYS, ...TIMELINE_KEYS, ...MOUSE]
		.flatMap(one => [
			element('span', {}, ...one.show.split(' ').length > 1 && one.keys ?
				one.show.split(' ').map(key => element('kbd', { textContent: key })) :
				[element('kbd', { textContent: one.show })]),
			element('span', { textContent: one.text })]));
}

// --- the mouse, on the timeline ---

function under(event) {
	const box = timeline.canvas.getBoundingClientRect();
	const y = event.clientY - box.top;

	return y < AXIS ? -1 :
		processAt(laneAt(y), nsAt(event.clientX - box.left),
			  3 * span() / view.width);
}

function hover(event) {
	const i = event ? under(event) : -1;

	if (i !== timeline.hover) {
		timeline.hover = i;
		invalidate();
	}
	showTip(i, event?.clientX, event?.clientY);
}

function turnWheel(event) {
	const box = timeline.canvas.getBoundingClientRect();

	if (event.ctrlKey || event.metaKey)
		zoom(Math.exp(event.deltaY * 0.0022), event.clientX - box.left);
	else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
		pan((event.deltaX || event.deltaY) / view.width);
	else
		return;
	event.preventDefault();
	hover(event);
}

function drag(event) {
	const begin = { x: event.clientX, y: event.clientY, from: view.from,
			to: view.to, top: timeline.scroller.scrollTop };
	const scale = span() / view.width, { canvas } = timeline;
	let moved = false;

	if (event.button !== 0)
		return;
	canvas.setPointerCapture(event.pointerId);
	canvas.onpointermove = move => {
		const x = move.clientX - begin.x, y = move.clientY - begin.y;

		moved ||= Math.abs(x) + Math.abs(y) > 4;
		if (!moved)
			return;
		canvas.classList.add('dragged');
		showTip(-1);
		show(begin.from - x * scale, begin.to - x * scale);
		timeline.scroller.scrollTop = begin.top - y;
	};
	canvas.onpointerup = canvas.onpointercancel = end => {
		canvas.onpointermove = hover;
		canvas.onpointerup = canvas.onpointercancel = null;
		canvas.classList.remove('dragged');
		if (!moved && end.type === 'pointerup')
			select(under(end));
	};
}

// --- and above it ---

function brush(event) {
	const { canvas } = overview;
	const box = canvas.getBoundingClientRect();
	const at = move => overviewNs(move.clientX - box.left);
	const begin = at(event), { from, to } = view;
	const inside = !isAll() && begin > from && begin < to;

	canvas.setPointerCapture(event.pointerId);
	canvas.onpointermove = move => {
		const by = at(move) - begin;

		if (inside)
			show(from + by, to + by);
		else if (Math.abs(overviewX(begin + by) - overviewX(begin)) > 3)
			show(Math.min(begin, begin + by), Math.max(begin, begin + by));
	};
	canvas.onpointerup = canvas.onpointercancel = () => {
		canvas.onpointermove = null;
	};
}
// SPDX-License-Identifier: MIT
// Puts the page together.
'use strict';

function listenToTools() {
	$('search').oninput = event => startSearch(event.target.value);
	$('search').onkeydown = pressInSearch;
	$('previous').onclick = () => step(-1);
	$('next').onclick = () => step(1);
	$('as-tree').onclick = () => showByName(false);
	$('as-names').onclick = () => showByName(true);
	$('chain').onclick = toggleChain;
	$('unfold').onclick = unfoldAll;
	$('zoom-in').onclick = () => zoom(0.6);
	$('zoom-out').onclick = () => zoom(1 / 0.6);
	$('fit').onclick = fit;
	$('help-button').onclick = showHelp;
	$('tab-rows').onclick = () => showTable(false);
	$('tab-names').onclick = () => showTable(true);
}

function listenToTimeline() {
	const { canvas, scroller } = timeline;

	canvas.onpointermove = hover;
	canvas.onpointerleave = () => hover(null);
	canvas.onpointerdown = drag;
	canvas.ondblclick = event => {
		const i = under(event);
		if (i >= 0)
			reveal(i, true);
	};
	canvas.onkeydown = event => press(event, TIMELINE_KEYS);
	// It may stop the page from scrolling.
	canvas.addEventListener('wheel', turnWheel, { passive: false });
	scroller.onscroll = invalidate;
	overview.canvas.onpointerdown = brush;
	overview.canvas.ondblclick = fit;
}

function resize() {
	sizeLanes();
	showRows();
}

// On another screen, what was asked for is not so any more: ask anew.
function watchSharpness() {
	matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).onchange = () => {
		invalidate();
		watchSharpness();
	};
}

function listenToPage() {
	table.box.onkeydown = pressInTable;
	table.box.onscroll = showRows;
	document.onkeydown = event => {
		if (!$('help').open)
			press(event, PAGE_KEYS);
	};
	// A window that is made higher may leave the body as it is.
	window.onresize = resize;
	new ResizeObserver(resize).observe(document.body);
	watchSharpness();
	matchMedia('(prefers-color-scheme: dark)').onchange = () => {
		readColours();
		showLegend();
		invalidate();
	};
	window.onbeforeprint = printRows;
}

function begin() {
	document.documentElement.classList.add('live');
	readColours();
	showFacts();
	showLegend();
	showChain();
	listKeys();
	layOut();
	fitLanes();
	showAll();
	startSearch('');
	listenToTools();
	listenToTimeline();
	listenToPage();
}

begin();
