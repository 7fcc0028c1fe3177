// SPDX-License-Identifier: MIT
// The whole run at a glance: the number of busy CPUs, and the part that the
// timeline shows. The CPU time of each process is spread evenly over its life.
'use strict';

const overview = {
	canvas: $('overview'),
	height: 58,
	bins: null,
	most: 1,
};

// A process changes the load only at the first and the last of its whole bins.
// The sum of the changes is made at the end, so that a long process costs as
// little as a short one.
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

// Marks the places of matches, also of a single one.
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
