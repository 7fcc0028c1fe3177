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
	// The handler must be able to stop the page from scrolling.
	canvas.addEventListener('wheel', turnWheel, { passive: false });
	scroller.onscroll = invalidate;
	overview.canvas.onpointerdown = brush;
	overview.canvas.ondblclick = fit;
}

function resize() {
	sizeLanes();
	showRows();
}

// Another screen may have another sharpness. The query must then be made anew.
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
	// If a window becomes higher, the size of the body may not change.
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
