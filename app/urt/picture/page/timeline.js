// SPDX-License-Identifier: MIT
// The timeline. It draws only lanes in sight, and only bars between the ends of
// the view. Bars that are narrower than a pixel are drawn together.
'use strict';

const AXIS = 22;		// pixels, above the lanes
const TALLEST = 22;
const LOWEST = 3;
const LOWEST_NAMED = 16;
const LABELLED = 13;		// lanes of this height or more have names
const LEAST_LETTERS = 5;	// of a cut name
const ROOMY = 300;		// at most so many bars have names beside them

const timeline = {
	canvas: $('timeline'),
	scroller: $('lanes'),
	height: TALLEST,	// of a lane
	hover: -1,
	drawn: 0,		// bars, in the last frame
	letter: 7,		// width of one, in pixels
};

// Lanes with names have this height at least.
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

// Draws the bars of a lane from the left to the right. Bars that are narrower
// than a pixel wait in a column until a bar outside this column comes. Columns
// that look alike become one rectangle.
class LaneDrawer {
	constructor(context) {
		this.context = context;
		this.bottom = timeline.height > 5 ? 1 : 0;
	}

	begin(y) {
		this.y = y;
		this.column = -1;
		this.from = -1;		// start of a rectangle of columns
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
		this.real += realOf(i) + 1;	// 0 ns count as well
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

	// Each mark has some ground beside it, because bars have all colours.
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

	// The name is in the bar, or beside it if no bar follows soon.
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

// The name of a lane is at its left, on top of its bars.
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
