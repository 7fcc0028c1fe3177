// SPDX-License-Identifier: MIT
// Actions of the user: mouse, wheel and keys.
'use strict';

// --- actions ---

// One process is selected at a time, in the timeline and in the table.
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

// Unfolds all that hides the process. close: zooms until it fills a good part
// of the view.
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

// Selects the next process by start. After the last one comes the first one.
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

// Selects process to, in the order of the tree. by is the direction in which to
// skip folded processes.
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

// Keys of the timeline when it has the focus. i: the selected process, or -1.
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

// Keys that work everywhere except in the search.
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

// --- the mouse, above the timeline ---

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
