// What must hold of every page, found in the browser: each function returns
// the list of what is wrong.
"use strict";

const STOPS = "a[href], button, input:not([type=radio]), textarea, " +
	"input[type=radio]:checked, [tabindex='0']";

function shown(element) {
	return element.getClientRects().length > 0 &&
		getComputedStyle(element).visibility === "visible";
}

function told(element) {
	const said = (element.textContent || "").trim().slice(0, 40);
	return `${element.tagName}.${element.getAttribute("class")} "${said}"`;
}

// [red, green, blue, alpha], the first three 0 to 255.
function channels(colour) {
	const found = colour.match(/[\d.]+/g).map(Number);
	return colour.startsWith("color(srgb") ?
		[...found.slice(0, 3).map((one) => 255 * one), found[3] ?? 1] :
		[found[0], found[1], found[2], found[3] ?? 1];
}

function over(front, back) {
	const mixed = [0, 1, 2].map(
		(i) => front[i] * front[3] + back[i] * (1 - front[3]));
	return [...mixed, 1];
}

function ground(element) {
	const behind = element.parentElement ?
		ground(element.parentElement) : [255, 255, 255, 1];
	return over(channels(getComputedStyle(element).backgroundColor), behind);
}

// WCAG 2.1, "relative luminance".
function luminance(colour) {
	const [red, green, blue] = colour.map((one) => one / 255).map((one) =>
		one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// WCAG 2.1, "contrast ratio".
function ratio(one, other) {
	const [low, high] = [luminance(one), luminance(other)].sort(
		(a, b) => a - b);
	return (high + 0.05) / (low + 0.05);
}

function opacity(element) {
	const own = Number(getComputedStyle(element).opacity);
	return element.parentElement ? own * opacity(element.parentElement) : own;
}

function contrastOf(element, pseudo) {
	const style = getComputedStyle(element, pseudo);
	const drawn = element instanceof SVGElement ? style.fill : style.color;
	const back = ground(element instanceof SVGElement ?
		element.closest("svg").parentElement : element);
	const ink = channels(drawn);
	ink[3] *= opacity(element);
	return ratio(over(ink, back), back);
}

// The elements that show a text of their own, and their drawn signs.
function texts() {
	const found = [];
	for (const element of document.body.querySelectorAll("*")) {
		const own = [...element.childNodes].some(
			(node) => node.nodeType === Node.TEXT_NODE &&
				node.textContent.trim());
		if (!shown(element) || element.matches("title, desc, script")) {
			continue;
		}
		if (own) {
			found.push([element, null]);
		}
		if (element.placeholder) {
			found.push([element, "::placeholder"]);
		}
		for (const sign of ["::before", "::after"]) {
			if (/"/.test(getComputedStyle(element, sign).content)) {
				found.push([element, sign]);
			}
		}
	}
	return found;
}

// Texts of too little contrast: the least that WCAG 2.1 asks for is 4.5.
function faint() {
	return texts().filter(
		([element, sign]) => !(contrastOf(element, sign) >= 4.5)).map(
		([element, sign]) => `${told(element)}${sign ?? ""} ` +
			contrastOf(element, sign).toFixed(2));
}

function scrolls(element) {
	return element !== null && element !== document.documentElement &&
		(/auto|scroll|hidden|clip/.test(
			getComputedStyle(element).overflowX) ||
		scrolls(element.parentElement));
}

// What is wider than the page and does not lie in something that scrolls.
function beyond(width) {
	const wide = document.documentElement.scrollWidth;
	const found = wide > width ? [`the page is ${wide} wide`] : [];
	for (const element of document.body.querySelectorAll("*")) {
		const {right} = element.getBoundingClientRect();
		if (shown(element) && right > width + 0.5 &&
			!scrolls(element.parentElement)) {
			found.push(`${told(element)} ends at ${right}`);
		}
	}
	return found;
}

function named(element) {
	const by = element.getAttribute("aria-labelledby");
	const text = by ? document.getElementById(by)?.textContent :
		element.getAttribute("aria-label") ??
		(element.labels?.length ? [...element.labels].map(
			(one) => one.textContent).join("") : element.textContent);
	return Boolean(text?.trim());
}

// Landmarks, headings without gaps, names of all that can be used or is drawn.
function structure() {
	const found = [];
	const once = ["main", "h1", "title"];
	for (const tag of once) {
		const count = document.querySelectorAll(
			tag === "title" ? "head > title" : tag).length;
		if (count !== 1) {
			found.push(`${count} times ${tag}`);
		}
	}
	const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
		.map((head) => Number(head.tagName[1]));
	levels.forEach((level, i) => {
		if (level > (levels[i - 1] ?? 0) + 1) {
			found.push(`heading ${level} behind ${levels[i - 1]}`);
		}
	});
	for (const element of document.querySelectorAll(
		`${STOPS}, input, [role=region], [role=img], nav, section`)) {
		if (!named(element)) {
			found.push(`no name: ${told(element)}`);
		}
	}
	for (const head of document.querySelectorAll("th:not([scope])")) {
		found.push(`no scope: ${told(head)}`);
	}
	if (!document.documentElement.lang) {
		found.push("no language");
	}
	return found;
}

// Each stop of the keyboard gets a number in the order of the page.
function markStops() {
	const found = [...document.querySelectorAll(STOPS)].filter(shown);
	found.forEach((element, i) => { element.dataset.stop = i; });
	return found.length;
}

// Where the focus is: its number, whether it is seen, and on the screen.
function focus() {
	const element = document.activeElement;
	const style = getComputedStyle(element);
	const box = element.getBoundingClientRect();
	return {
		stop: Number(element.dataset.stop ?? -1), told: told(element),
		seen: style.outlineStyle !== "none" &&
			parseFloat(style.outlineWidth) >= 1 &&
			ratio(channels(style.outlineColor), ground(element)) >= 3,
		there: box.right > 0 && box.left < innerWidth &&
			box.bottom > 0 && box.top < innerHeight,
	};
}

// The rows of a table that are shown, each its cells' texts.
function rows(table) {
	return [...document.querySelectorAll(`#${table} tbody tr`)].filter(shown)
		.map((row) => [...row.cells].map((cell) => cell.innerText.trim()));
}

// What a column is sorted by, in the order of the rows.
function keys(table, column) {
	return [...document.querySelectorAll(`#${table} tbody tr`)].map(
		(row) => row.cells[column].dataset.key ??
			row.cells[column].textContent.trim());
}

function sorted(table) {
	return [...document.querySelectorAll(`#${table} thead th`)].map(
		(head) => head.getAttribute("aria-sort"));
}
