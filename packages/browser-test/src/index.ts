/** Shared by the browser tests of the packages; nothing of the product uses it. */
export { accessibilityProblems } from './accessibility-problems.ts';
export { findChromium } from './find-chromium.ts';
export { keepScreenshot } from './keep-screenshot.ts';
export { openBrowser, type TestBrowser } from './open-browser.ts';
export { transferredBytes } from './transferred-bytes.ts';
