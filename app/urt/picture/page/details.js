// SPDX-License-Identifier: MIT
// The run, one process, and the critical chain in words.
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

// The ancestors of a process, but only the last few if there are many.
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
		`The critical chain, ${grouped(links.length)} of ${counted(run.count, 'process', 'processes')}: it begins with the command's child that ended last. Before it comes the child that had ended last when that one began, and so on. Each of them has such a chain within. A faster process on the chain could shorten the run. The times are what each process took by itself, without the processes on the chain that it waited for.`;
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
