// SPDX-License-Identifier: MIT
// Two tables: processes, and names. Only rows in sight have elements, because
// there may be 100,000 rows.
'use strict';

const ROW = 26;			// pixels
const PRINTED = 32;		// rows, on paper: a page

const dash = value => value < 0 ? '-' : value;

const cpuTotal = facts.user_ns + facts.sys_ns;

// The width of columns of seconds. It has room for the largest number.
const SECONDS = `${Math.max(108, 24 + 9 *
	seconds(Math.max(cpuTotal, facts.end_ns)).length)}px`;

// key: the value to sort by.
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

// Numbers are looked up once, not at each comparison. Equal rows keep their
// order.
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

	// Numbers begin with the largest, because users look for these.
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
	// Insert rows in their visible order, for screen readers.
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

// Only a row that has an element can be marked.
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

// A process opens at its place. A name opens all processes that have it.
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
