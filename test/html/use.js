// SPDX-License-Identifier: MIT
// Use of the page with mouse and keys.
'use strict';

const { claim, expect } = require('./tap.js');
const { chainOfRecords } = require('./records_seen.js');
const { at, browser, focusTimeline, open, place, records, settled, value } = require('./session.js');

// --- mouse ---

async function testMouse() {
	await open('1000.html');
	const ld = await value('run.name.findLastIndex(n => facts.names[n] === "lto1")');
	const { x, y } = await place(ld);

	await claim('the mouse above a process shows what it is', async () => {
		await browser.mouse('mouseMoved', x, y);
		const tip = await browser.until('!$("tip").hidden && $("tip").innerText');
		expect(/^lto1/.test(tip) && tip.includes('270 %'), tip);
	});
	await claim('a click selects a process, also in the table', async () => {
		await browser.click(x, y);
		const details = await browser.until('!$("details").hidden && $("details").innerText');
		expect(details.includes('lto1') &&
		       await value(`model.selected === ${ld} && document.querySelector(".row.active").innerText.startsWith("lto1")`),
		       details);
	});
	await claim('a double click zooms to it', async () => {
		const now = await place(ld);
		await browser.click(now.x, now.y, 2);
		const part = await value(`realOf(${ld}) / span()`);
		expect(part > 0.6 && part < 0.8, part);
		await browser.clickOn('#fit');
	});
	await claim('Ctrl + wheel zooms where the mouse is; the wheel alone does not', async () => {
		await value('showAll()');
		const now = await place(ld);
		const before = await value(`({ at: nsAt(${now.x} - timeline.canvas.getBoundingClientRect().x), span: span() })`);
		await browser.mouse('mouseWheel', now.x, now.y, { deltaX: 0, deltaY: -400, modifiers: 2 });
		await browser.until(`span() < ${before.span} * 0.6`);
		const after = await value(`nsAt(${now.x} - timeline.canvas.getBoundingClientRect().x)`);
		expect(Math.abs(after - before.at) < before.span / 500, [before, after]);
		const zoomed = await value('span()');
		await browser.mouse('mouseWheel', now.x, now.y, { deltaX: 0, deltaY: 40 });
		await settled();
		expect(await value('span()') === zoomed, zoomed);
	});
	await claim('dragging moves the timeline with the mouse', async () => {
		const now = await place(ld);
		const before = await value('({ ...view })');
		await browser.mouse('mousePressed', now.x, now.y, { clickCount: 1 });
		await browser.mouse('mouseMoved', now.x + 100, now.y, { buttons: 1 });
		await browser.mouse('mouseReleased', now.x + 100, now.y, { clickCount: 1 });
		const moved = (before.from - await value('view.from')) / (before.to - before.from);
		expect(Math.abs(moved - 100 / before.width) < 0.01, moved);
	});
	await claim('dragging in the overview chooses a part of the run', async () => {
		await value('showAll(), overview.canvas.scrollIntoView({ block: "center" })');
		const box = await value('(({ x, y, width }) => ({ x, y, width }))(overview.canvas.getBoundingClientRect())');
		await browser.mouse('mousePressed', box.x + box.width * 0.25, box.y + 30, { clickCount: 1 });
		await browser.mouse('mouseMoved', box.x + box.width * 0.5, box.y + 30, { buttons: 1 });
		await browser.mouse('mouseReleased', box.x + box.width * 0.5, box.y + 30, { clickCount: 1 });
		const part = await value('[view.from, view.to].map(ns => overviewX(ns) / view.width)');
		expect(Math.abs(part[0] - 0.25) < 0.01 && Math.abs(part[1] - 0.5) < 0.01, part);
	});
}

// --- search, fold, sort ---

async function testSearch() {
	await open('1000.html');
	const seen = records('1000.json');
	const wanted = seen.rows.filter(row => row.name === 'cc1');

	await claim('typing a name finds its processes; the table shows these only', async () => {
		await browser.clickOn('#search');
		await browser.type('cc1');
		const found = await value('$("found").textContent');
		expect(found === `${wanted.length} matches` &&
		       await value('table.rows.length') === wanted.length &&
		       await value('[...document.querySelectorAll(".row .name")].every(cell => cell.textContent === "cc1")'),
		       found);
	});
	await claim('Enter goes from one to the next', async () => {
		await browser.key('Enter');
		await browser.key('Enter');
		const pid = await value('run.pid[model.selected]');
		expect(pid === wanted[1].pid && await value('$("found").textContent') ===
		       `2 of ${wanted.length}`, pid);
	});
	await claim('PID, whole name, failed, running and chain can be searched for', async () => {
		const count = query => value(`startSearch(${JSON.stringify(query)}), model.matches.length`);
		const counts = [await count(String(wanted[0].pid)), await count('"c"'),
				await count('is:failed'), await count('is:running'),
				await count('is:chain')];
		const failed = seen.rows.filter(row => row.exit || row.signal).length;
		expect(counts[0] >= 1 && counts[1] === 0 && counts[2] === failed &&
		       counts[3] === 1 && counts[4] === chainOfRecords(seen).length, counts);
		await value('startSearch("")');
	});
	await claim('folding a name hides the processes below it, and their lanes', async () => {
		const lanes = await value('model.lanes');
		await value('select(run.name.findIndex(n => facts.names[n] === "sh"))');
		await value('$("details").scrollIntoView({ block: "center" })');
		await browser.clickOn('#details .actions button:nth-child(3)');
		await settled();
		const left = await value('({ lanes: model.lanes, names: [...new Set([...model.bars].map(nameOf))] })');
		expect(left.lanes < lanes && left.names.includes('sh') &&
		       !left.names.includes('cc1'), left);
		await browser.shoot(at('folded.png'));
		await browser.clickOn('#unfold');
		expect(await value('model.lanes') === lanes, lanes);
	});
	await claim('by name, each name has a lane of its own', async () => {
		await browser.clickOn('#as-names');
		await settled();
		expect(await value('model.lanes === names.length && model.bars.length === run.count'), 0);
		await browser.shoot(at('names.png'));
		await browser.clickOn('#as-tree');
	});
}

async function testTable() {
	await open('1000.html');
	const seen = records('1000.json');
	const firsts = column => value(`[...document.querySelectorAll(".row")].slice(0, 5).map(row => row.children[${column}].textContent)`);
	const click = column => browser.clickOn(`#table-head > :nth-child(${column + 1}) button`);

	await claim('a click on a heading sorts, a second one the other way', async () => {
		const user = seen.rows.map(row => row.user_ns).sort((a, b) => b - a)
			.map(ns => (Math.round(ns / 1e6) / 1e3).toFixed(3));
		await click(5);
		const down = await firsts(5);
		await click(5);
		const up = await firsts(5);
		expect(down.join() === user.slice(0, 5).join() &&
		       up.join() === user.slice(-5).reverse().join(), [down, up]);
		expect(await value('document.querySelector("[aria-sort]").getAttribute("aria-sort")') === 'ascending', up);
	});
	await claim('every column sorts', async () => {
		for (let column = 0; column < 12; column++) {
			await click(column);
			expect(await value(`(({ key, text }) => table.rows.every((row, at) => !at || (text ?
				key(table.rows[at - 1]) <= key(row) : key(table.rows[at - 1]) >= key(row))))(columns()[${column}])`), column);
		}
	});
	await claim('keys go through the table, and Enter shows the process', async () => {
		await value('table.box.focus()');
		await browser.key('End');
		await browser.key('ArrowUp');
		expect(await value('table.active') === 998, 0);
		await browser.key('Enter');
		expect(await value('model.selected === table.rows[998] && realOf(model.selected) < span()'), 0);
	});
	await claim('the active row is announced, also after a search or sorting', async () => {
		const told = () => value(`({ active: table.box.getAttribute('aria-activedescendant'),
			selected: [...document.querySelectorAll('.row[aria-selected=true], .row.active')].map(row => row.id),
			index: table.active })`);
		const cc1 = await value('byStart.findLast(i => nameOf(i) === "cc1")');
		for (const act of [`select(${cc1})`, 'startSearch("cc1")', 'sortBy(1)', 'sortBy(1)']) {
			await value(act);
			await value('scrollToRow(table.active)');
			const seen = await told();
			expect(seen.index >= 0 && seen.active === `row-${seen.index}` &&
			       seen.selected.join() === seen.active, [act, seen]);
		}
		await value('startSearch("sh")');
		const none = await told();
		expect(none.index === -1 && !none.active && !none.selected.length, none);
		await value('startSearch("")');
	});
	await claim('rows stay in order, and keep their stripes, wherever it is scrolled', async () => {
		const stripes = [];
		for (const top of [0, 3000, 2870, 5000, 100, 0]) {
			await value(`table.box.scrollTop = ${top}, showRows()`);
			const rows = await value('[...document.querySelectorAll(".row")].map(row => [row.ariaRowIndex - 2, !row.matches(".active, :hover") && getComputedStyle(row).backgroundColor])');
			expect(rows.every(([index], at) => !at || index === Number(rows[at - 1][0]) + 1), [top, rows]);
			for (const [index, colour] of rows.filter(row => row[1]))
				expect((stripes[index % 2] ||= colour) === colour, [top, index]);
		}
		expect(stripes[0] !== stripes[1], stripes);
	});
	await claim('the other table has a row for each name, with its sums', async () => {
		await browser.clickOn('#tab-names');
		const sh = await value('[...document.querySelectorAll(".row")].map(row => row.innerText.split("\\n")).find(row => row[0] === "sh")');
		expect(Number(sh[1]) === seen.rows.filter(row => row.name === 'sh').length, sh);
	});
}

// --- keys ---

async function testKeys() {
	await open('1000.html');
	await claim('keys zoom, move and fit', async () => {
		await focusTimeline();
		const all = await value('span()');
		await browser.key('+');
		await browser.key('+');
		const near = await value('({ ...view })');
		await browser.key('ArrowRight');
		const right = await value('view.from');
		await browser.key('-');
		const out = await value('span()');
		await browser.key('0');
		expect(Math.abs((near.to - near.from) / all - 0.49) < 0.01 &&
		       right > near.from && out > near.to - near.from &&
		       await value('isAll()'), [all, near, right, out]);
	});
	await claim('keys go along the tree: next, parent, zoom, fold', async () => {
		await browser.key('j');
		await browser.key('j');
		await browser.key('j');
		const i = await value('model.selected');
		await browser.key('p');
		expect(await value(`model.selected === run.parent[${i}]`), i);
		await browser.key('f');
		expect(await value('model.hidden.some(one => one)'), i);
		await browser.key('u');
		await browser.key('Enter');
		expect(!await value('model.hidden.some(one => one)') &&
		       await value('realOf(model.selected) / span()') > 0.5, i);
	});
	await claim('a folded name stays folded, and keys pass over it', async () => {
		const sh = await value('run.name.findIndex((n, i) => facts.names[n] === "sh" && run.size[i] > 1)');
		await value(`select(${sh})`);
		await browser.key('f');
		await browser.key('j');
		const next = await value('model.selected');
		await browser.key('k');
		expect(next === sh + await value(`run.size[${sh}]`) &&
		       await value(`model.selected === ${sh} && model.folded.has(${sh})`), [sh, next]);
		await browser.key('u');
	});
	await claim('/ goes to the search, Esc back; ? opens the help, Esc closes it', async () => {
		await browser.key('/');
		expect(await value('document.activeElement.id') === 'search', '/');
		await browser.key('Escape');
		await browser.key('?');
		expect(await value('$("help").open'), '?');
		await browser.shoot(at('help.png'));
		await browser.key('Escape');
		await browser.until('!$("help").open');
		expect(!await value('$("help").open'), 'Esc');
	});
	await claim('a button that was pressed by a key keeps the focus', async () => {
		const presses = async selector => {
			await value(`document.querySelector(${JSON.stringify(selector)}).focus()`);
			const focused = 'document.activeElement.matches("button") && document.activeElement.textContent';
			const before = await value(focused);
			await browser.key('Enter');
			return [before, await value(focused)];
		};
		const heading = await presses('#table-head > :nth-child(5) button');
		await value('select(0)');
		const fold = await presses('#details .actions button:nth-child(2)');
		await value('unfoldAll()');
		expect(/^real/.test(heading[0]) && /^real s .$/.test(heading[1]) &&
		       /^Fold/.test(fold[0]) && fold[1] === 'Unfold', [heading, fold]);
	});
	await claim('lanes are as high as is asked for, but never too low to be read', async () => {
		await focusTimeline();
		const low = async () => {
			for (let n = 0; n < 20; n++)
				await browser.key('[');
			return value('timeline.height');
		};
		const tree = await low();
		await browser.key('g');
		const byName = await low();
		await browser.key(']');
		expect(tree === 3 && byName === 16 && await value('timeline.height') === 18, [tree, byName]);
		await browser.key('g');
	});
	await claim('each element that Tab reaches shows the focus', async () => {
		const reached = [];
		await value('$("search").focus()');
		for (let n = 0; n < 40; n++) {
			await browser.key('Tab');
			const seen = await value(`(({ id, tagName }, style) => ({ name: id || tagName, outline: style.outlineStyle }))(
				document.activeElement, getComputedStyle(document.activeElement))`);
			if (seen.name === 'BODY')
				break;
			expect(seen.outline !== 'none', seen);
			reached.push(seen.name);
		}
		expect(['timeline', 'table', 'fit', 'tab-names'].every(
			one => reached.includes(one)), reached);
	});
}

module.exports = [testMouse, testSearch, testTable, testKeys];
