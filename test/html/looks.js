// SPDX-License-Identifier: MIT
// The look of pages: light and dark, windows, paper, marks, moments.
'use strict';

const { claim, expect } = require('./tap.js');
const { at, browser, open, settled, value } = require('./session.js');

// --- looks ---

// Whether a pixel of the ground is beside each mark, and then the mark.
const markedPixels = `(async () => {
	const context = timeline.canvas.getContext('2d');
	const is = (x, y, colour) => \`rgb(\${[...context.getImageData(x, y, 1, 1).data]
		.slice(0, 3).join(' ')})\` === colour;
	const chain = [], failures = [];

	for (const i of model.bars) {
		const x = xOf(run.start[i]), bottom = laneTop(model.laneOf[i]) + timeline.height - 1;
		if (run.chain[i] && xOf(run.end[i]) - x > 8 && bottom < timeline.visible)
			chain.push(is(x + 4, bottom - 3, colours.panel) &&
				   is(x + 4, bottom - 1, colours.good));
		if (!failed(i))
			continue;
		reveal(i, true);
		select(-1);
		drawAll();
		const right = Math.round(xOf(run.end[i]) - 0.6), top = laneTop(model.laneOf[i]);
		failures.push([4, 5].every(away => is(right - away, top + 1, colours.panel)) &&
			      is(right - 2, top + 1, colours.bad));
		showAll();
		drawAll();
	}
	return { chain, failed: failures };
})()`;

// The contrast of two colours by WCAG.
const contrast = `(...colours) => {
	const [dark, light] = colours.map(colour => colour.match(/[0-9]+/g)
		.map(c => c / 255).map(c => c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0))
		.sort((a, b) => a - b);
	return (light + 0.05) / (dark + 0.05);
}`;

async function testLooks() {
	await claim('dark and light follow what the reader prefers', async () => {
		const pixel = `[...timeline.canvas.getContext('2d').getImageData(timeline.canvas.width - 3, 40, 1, 1).data]`;
		await open('1000.html', 1400, 1000, false);
		const light = [await value('getComputedStyle(document.body).backgroundColor'), await value(pixel)];
		await browser.window(1400, 1000, true);
		// The page learns this later, and must draw only then.
		await browser.until('colours.dark && !pending');
		const dark = [await value('getComputedStyle(document.body).backgroundColor'), await value(pixel)];
		expect(light[1][0] > 200 && dark[1][0] < 60 && light[0] !== dark[0], [light, dark]);
	});
	await claim('the timeline follows a higher, or sharper, window', async () => {
		await open('1000.html', 1400, 1100);
		await value('changeHeight(20)');
		await settled();
		const before = await value('[timeline.canvas.offsetHeight, timeline.height]');
		await browser.window(1400, 1600);
		const after = await browser.until(`timeline.canvas.offsetHeight > ${before[0]} * 1.2 &&
			[timeline.canvas.offsetHeight, timeline.height]`);
		expect(after && after[1] === before[1], [before, after]);
		await settled();
		await browser.window(1400, 1600, false, '', 2);
		expect(await browser.until('timeline.canvas.width > timeline.canvas.offsetWidth * 1.9'), 0);
	});
	await claim('marks stand out from any bar, and names can be read on it', async () => {
		for (const dark of [false, true]) {
			await open('1000.html', 1400, 1000, dark);
			const seen = await value(markedPixels);
			expect(seen.chain.length > 5 && seen.failed.length > 0 &&
			       [...seen.chain, ...seen.failed].every(ok => ok), seen);
			const contrasts = await value(`colours.heat.map((colour, heat) => (${contrast})(colour, colours.on[heat][0] === '#' ? hexColour(colours.on[heat]) : colours.on[heat]))`);
			expect(contrasts.every(one => one >= 4.5), contrasts);
		}
	});
	await claim('in 1,000 pixels, the cards are one row', async () => {
		await open('1000.html', 1000, 800);
		const tops = await value('[...$("cards").children].map(card => card.offsetTop)');
		expect(tops.length > 5 && new Set(tops).size === 1, tops);
	});
	await claim('a narrow window needs no sideways scrolling', async () => {
		await open('1000.html', 380, 800);
		const wide = await value('document.documentElement.scrollWidth');
		expect(wide <= 380, wide);
	});
	await claim('on paper: the still picture, then the first rows of the table', async () => {
		await open('1000.html');
		const pdf = (await browser.print(at('1000.pdf'))).toString('latin1');
		const pages = pdf.split(/\/Type\s*\/Page\b/).length - 1;
		const rows = await value('document.querySelectorAll("#printed tbody tr").length');
		await browser.window(1400, 1000, true, 'print');
		const shown = await value('["still", "printed", "live", "head"].map(id => getComputedStyle($(id)).display)');
		const ground = await value('getComputedStyle(document.querySelector("#still .k0")).fill');
		const scheme = await value('getComputedStyle(document.documentElement).colorScheme');
		expect(pages === 2 && rows === 32 && shown.join() === 'block,block,none,none' &&
		       ground === 'rgb(221, 228, 236)' && scheme === 'light', [pages, rows, shown, ground, scheme]);
	});
	await claim('without JavaScript there is the still picture', async () => {
		await browser.window(1400, 1000);
		await browser.send('Emulation.setScriptExecutionDisabled', { value: true });
		await browser.open(at('1000.html'));
		const still = await value('document.querySelector("#still").getBoundingClientRect().height');
		await browser.shoot(at('still.png'));
		await browser.send('Emulation.setScriptExecutionDisabled', { value: false });
		expect(still > 300, still);
	});
}

// --- very short, very long ---

async function testTimes() {
	const ticks = () => value('(() => { const texts = []; eachTick((x, text) => texts.push(text)); return texts; })()');
	const alike = texts => new Set(texts).size !== texts.length;

	await open('nothing.html');
	await claim('one row is a row, and one process a process', async () => {
		const texts = await value('[$("shown").textContent, $("critical-text").textContent]');
		expect(texts[0] === '1 row' && texts[1].includes('1 of 1 process:'), texts);
	});
	await claim('of a run that took no time, each moment is another', async () => {
		const texts = await ticks();
		expect(texts.length > 2 && !alike(texts) && texts.every(text => / ns$/.test(text)), texts);
	});
	await open('months.html', 1000, 800);
	await claim('however near, each moment of months is another', async () => {
		for (let n = 0; n < 60; n++) {
			const texts = await ticks();
			expect(!alike(texts), texts);
			await value('zoom(0.55)');
		}
		expect(await value('Math.round(span()) === SHORTEST'), 0);
		await value('showAll()');
	});
	await claim('10,000,000 seconds have the room that they need', async () => {
		const near = await value('(() => { const at = []; eachTick(x => at.push(x)); return at[1] - at[0]; })()');
		const tight = await value(`[...document.querySelectorAll('#cards dd, .part > span, .row > *')]
			.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)`);
		expect(await value('facts.real_ns > 1e16') && near >= 110 && !tight.length, [near, tight]);
		await browser.shoot(at('months.png'));
	});
}

// --- a still picture ---

// Like markedPixels, for the lines that mark the critical chain.
const stillPixels = `(async () => {
	const html = name => document.createElementNS('http://www.w3.org/1999/xhtml', name);
	const image = html('img'), canvas = html('canvas');
	image.src = 'data:image/svg+xml,' +
		encodeURIComponent(new XMLSerializer().serializeToString(document));
	await image.decode();
	Object.assign(canvas, { width: image.width, height: image.height });
	const context = canvas.getContext('2d');
	context.drawImage(image, 0, 0);
	const is = (x, y, colour) => \`rgb(\${[...context.getImageData(x, y, 1, 1).data]
		.slice(0, 3).join(', ')})\` === colour;
	const style = name => getComputedStyle(document.querySelector(name));
	return [...document.querySelectorAll('path.chain')]
		.map(path => path.getAttribute('d').match(/[0-9.]+/g).map(Number))
		.filter(([, , wide]) => wide > 12)
		.map(([x, y]) => is(x + 2, y - 2, style('.ground').fill) &&
				 is(x + 2, y, style('.chain').stroke));
})()`;

async function testStill() {
	await claim('a still picture is as large as it is, in however low a window', async () => {
		await browser.window(1400, 300);
		await browser.open(at('1000.svg'));
		const { width, height } = await value('(({ width, height }) => ({ width, height }))(document.documentElement.getBoundingClientRect())');
		const size = await value('document.documentElement.viewBox.baseVal.height');
		expect(width === 1200 && height === size && size > 600, [width, height, size]);
		await browser.window(1400, 1000);
		await browser.shoot(at('1000-svg.png'));
	});
	await claim('marks stand out from any bar', async () => {
		const seen = await value(stillPixels);
		expect(seen.length > 20 && seen.every(ok => ok), seen);
	});
}

module.exports = [testLooks, testTimes, testStill];
