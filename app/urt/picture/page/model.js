// SPDX-License-Identifier: MIT
// The shown part of the run: lanes, folded processes, the search.
'use strict';

const model = {
	byName: false,
	foldedNames: new Set(),
	folded: new Set(),	// processes whose descendants are not shown
	hidden: new Uint8Array(run.count),
	lanes: 0,
	first: null,		// index of bars for each lane, and the end
	bars: null,		// bars, lane after lane, by their start
	reach: null,		// latest end of this lane's bars up to here
	laneOf: new Uint32Array(run.count),
	query: '',
	matches: null,		// null: no search
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

// Empty lanes are left out.
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

// Sorts the bars of each lane by their start.
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

// The process in a lane that is nearest to a moment, within a distance. Of
// several, the one that began last.
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
	__proto__: null,	// "constructor" is no key
	'is:failed': failed,
	'is:running': i => run.running[i],
	'is:chain': i => run.chain[i],
};

// Returns a function that says whether a process matches the query.
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

// The time that each link adds: the part that no link below it explains.
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
