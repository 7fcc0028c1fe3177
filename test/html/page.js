// SPDX-License-Identifier: MIT
// node page.js DIR: opens the pages that html.sh has made of the records in
// DIR, uses them as people do, and checks the results. TAP; screenshots stay in
// DIR.
'use strict';

const fs = require('fs');
const { claim, done, expect } = require('./tap.js');
const { sameAsRecords, chainOfRecords } = require('./records_seen.js');
const { at, browser, open, records, settled, value } = require('./session.js');

// --- contents of the page ---

async function testContent() {
	await open('1000.html');
	const seen = records('1000.json');

	await claim('the page opens without an error, and asks for nothing', async () => {
		expect(!browser.errors.length && browser.requests.length === 1,
		       [browser.errors, browser.requests]);
	});
	await claim('each process is in it, as the records have it, in its place of the tree',
		    async () => sameAsRecords(seen, await value('({ ...run })')));
	await claim('processes of a lane do not overlap, and children are below parents', async () => {
		const bad = await value(`(() => {
			const until = [];
			for (const i of byStart) {
				const lane = run.lane[i];
				if (run.start[i] < (until[lane] || 0) ||
				    (run.parent[i] >= 0 && lane <= run.lane[run.parent[i]]))
					return i;
				until[lane] = run.end[i];
			}
			return -1;
		})()`);
		expect(bad === -1, bad);
	});
	await claim('the critical chain is what its definition says', async () => {
		const chain = await value('[...byStart].filter(i => run.chain[i]).map(i => run.pid[i])');
		const wanted = chainOfRecords(seen);
		expect(chain.length > 5 && chain.join() === wanted.join(), [chain, wanted]);
	});
	await claim('the parts of the chain sum up to the length of the command', async () => {
		const sum = await value('chainLinks().reduce((sum, one) => sum + one.own, 0)');
		expect(Math.abs(sum - seen.rows[0].real_ns) < 1000, sum);
	});
	await claim('host, directory and version are said, and the chain has heads', async () => {
		const about = await value('$("about").innerText');
		const heads = await value('[...document.querySelectorAll(".part.heads")].map(one => one.innerText)');
		expect([seen.host, seen.directory, `urt ${seen.urt}`].every(one => about.includes(one)) &&
		       heads.length === 2 && heads.every(one => /by itself\s+share\s+(name|process)/.test(one)), [about, heads]);
	});
	await claim('the page says totals, and what is not complete', async () => {
		const cards = await value('$("cards").innerText');
		const notes = await value('$("notes").innerText');
		expect(cards.includes((seen.real_ns / 1e9).toFixed(3)) &&
		       cards.includes((seen.user_ns / 1e9).toFixed(3)) &&
		       notes.includes('1 still running'), [cards, notes]);
	});
}

// --- a policy ---

async function testPolicy() {
	await claim('the page may neither load nor send anything', async () => {
		await value(`(() => {
			window.refused = [];
			document.addEventListener('securitypolicyviolation',
				event => refused.push(event.effectiveDirective));
			const image = element('img', { src: 'http://127.0.0.1:9/a.png' });
			const script = element('script', { textContent: 'window.hacked = 1' });
			const style = element('style', { textContent: 'body { color: red }' });
			document.body.append(image, script, style);
			document.body.setAttribute('onclick', 'window.hacked = 1');
			document.body.click();
		})()`);
		const failed = await value('fetch("http://127.0.0.1:9/").then(() => 0, () => 1)');
		await browser.until('refused.length >= 5');
		const refused = await value('refused');
		expect(failed && !await value('window.hacked') && ['connect-src', 'img-src',
			'script-src-elem', 'script-src-attr', 'style-src-elem'].every(
			one => refused.includes(one)), [failed, refused]);
	});
}

// --- hostile contents ---

async function testStrange() {
	const seen = records('strange.json');

	await open('strange.html');
	await claim('strange names and commands are text, and nothing else', async () => {
		const cells = await value('[...document.querySelectorAll(".row .name")].map(cell => cell.textContent)');
		const title = await value('document.title');
		expect(!browser.errors.length && !await value('window.hacked') &&
		       seen.rows.every(row => cells.includes(row.name)) &&
		       title.includes('</script><script>'), [browser.errors, cells, title]);
	});
	await claim('search finds each process by its name, and no unknown name', async () => {
		const count = query => value(`startSearch(${JSON.stringify(query)}), model.matches.length`);
		for (const row of seen.rows.filter(one => one.name)) {
			await value(`select(run.pid.findLastIndex((pid, i) => nameOf(i) === ${JSON.stringify(row.name)}))`);
			await value('[...$("details").querySelectorAll("button")].pop().click()');
			expect(await value('model.matches.length') ===
			       seen.rows.filter(other => other.name === row.name).length, row.name);
		}
		const none = [await count('constructor'), await count('__proto__'), await count('toString')];
		expect(none.every(one => one === 0), none);
		await value('startSearch("")');
	});
	await claim('lost, missed, running and unseen are said', async () => {
		const notes = await value('$("notes").innerText');
		expect(/^3 lost: .*0\.009 s/.test(notes) && /\n2 missed/.test(notes) &&
		       /\n1 still running/.test(notes) && /\n1 exited, but not reaped/.test(notes) &&
		       /\n4 more/.test(notes), notes);
	});
	await claim('the page shows each status: exit, signal, hidden, running, not reaped', async () => {
		const of = name => value(`statusOf(facts.names.indexOf("${name}") < 0 ? 0 : run.name.indexOf(facts.names.indexOf("${name}")))`);
		const all = [await of('signalled'), await of('realtime'), await of('hidden'), await of('left'), await of('zombie'), await of('root')];
		expect(all.join() === 'SIGSEGV,signal 40,-,running,not reaped,0', all);
		expect(await value('document.querySelector(".badge.bad").textContent') === 'SIGTERM', all);
	});
	await browser.shoot(at('strange.png'));
	await claim('the still picture of them opens', async () => {
		await browser.open(at('strange.svg'));
		expect(!browser.errors.length && await value('document.documentElement.tagName') === 'svg' &&
		       await value('!document.querySelector("parsererror, script, b")'), browser.errors);
	});
}

// --- sizes ---

const FRAMES = 60;

// Zooms in and out, one frame at a time.
const measure = () => value(`(async () => {
	const took = [], gaps = [];
	let last;
	showAll();
	for (let n = 0; n < ${FRAMES}; n++) {
		zoom(n % 30 < 15 ? 0.8 : 1.25, view.width * 0.4);
		const now = await new Promise(requestAnimationFrame);
		took.push(lastDrawing);
		if (last)
			gaps.push(now - last);
		last = now;
	}
	showAll();
	const order = list => list.sort((a, b) => a - b);
	return { median: order(took)[${FRAMES} >> 1], worst: took[${FRAMES} - 1],
		 frame: order(gaps)[${FRAMES} >> 1] };
})()`);

async function testSizes() {
	for (const [name, count] of [['10', 10], ['1000', 1000], ['100000', 100000]]) {
		await claim(`${count} processes open and move`, async () => {
			const begin = Date.now();
			await open(`${name}.html`);
			const load = Date.now() - begin;
			const frames = await measure();
			await settled();
			await browser.shoot(at(`${name}.png`));
			console.log(`# ${name} processes: ${(fs.statSync(at(`${name}.html`)).size / 1024).toFixed(0)} KiB, open in ${load} ms; a frame is drawn in ${frames.median.toFixed(1)} ms (worst ${frames.worst.toFixed(1)}), they come every ${frames.frame.toFixed(1)} ms`);
			expect(await value('run.count') === count && !browser.errors.length &&
			       load < 30000 && frames.median < 250, [load, frames, browser.errors]);
			await browser.window(1400, 1000, true);
			await settled();
			await browser.shoot(at(`${name}-dark.png`));
			await browser.window(420, 900);
			await settled();
			await browser.shoot(at(`${name}-narrow.png`));
		});
	}
	await claim('of 100,000 rows the page makes those in sight, and scrolls to the last one', async () => {
		await browser.window(1400, 1000);
		await value('table.box.focus()');
		await browser.key('End');
		const made = await value('document.querySelectorAll(".row").length');
		expect(made < 100 && await value('!!document.getElementById("row-99999")'), made);
	});
	await claim('searching and sorting 100,000 takes less than 3 s', async () => {
		const ms = await value('(() => { const begin = performance.now(); startSearch("sh"); startSearch(""); sortBy(5); return performance.now() - begin; })()');
		console.log(`# search, forget it, sort: ${ms.toFixed(0)} ms`);
		expect(ms < 3000, ms);
	});
	for (const name of ['deep', 'wide']) {
		await claim(`20,000 processes ${name === 'deep' ? 'each the parent of the next' : 'at a time'} open and move`, async () => {
			await open(`${name}.html`);
			const frames = await measure();
			await browser.shoot(at(`${name}.png`));
			expect(await value('model.lanes') === 20000 && !browser.errors.length &&
			       frames.median < 250, [frames, browser.errors]);
		});
	}
}

async function testDeep() {
	await open('deep.html');
	await claim('20,000 deep, the page names the process below the mouse at once', async () => {
		const ms = await value(`(() => {
			const begin = performance.now();
			for (let n = 0; n < 100; n++)
				pathOf(run.count - 1);
			return (performance.now() - begin) / 100;
		})()`);
		const tip = await value('showTip(run.count - 1, 100, 100), $("tip").innerText');
		expect(ms < 2 && tip.startsWith('fork\n… › fork › fork › fork › fork › fork › fork\n'), [ms, tip]);
	});
}

// --- what urt run wrote ---

async function testGuest() {
	if (!fs.existsSync(at('guest.html')))
		return;
	const seen = records('guest.json');

	await open('guest.html');
	await claim('urt run --html shows the values of urt run --json', async () => {
		sameAsRecords(seen, await value('({ ...run })'));
		expect(!browser.errors.length && await value('facts.real_ns') === seen.real_ns &&
		       await value('facts.cpus') === 1 &&
		       (await value('facts.place')).endsWith(`/tmp/user · urt ${seen.urt}`), browser.errors);
	});
	await browser.shoot(at('guest.png'));
}

async function main() {
	await browser.start();
	for (const test of [testContent, testPolicy, ...require('./use.js'),
			    ...require('./looks.js'), testStrange, testSizes,
			    testDeep, testGuest])
		await test();
	await browser.close();
	process.exitCode = done();
}

main().catch(error => {
	console.log(`Bail out! ${error.stack}`);
	browser.process.kill();
	process.exitCode = 1;
});
