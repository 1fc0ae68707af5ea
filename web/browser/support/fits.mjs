import assert from 'node:assert/strict';

/** Nothing on the screen is wider than it, and no text is cut off at the side. */
export async function fits(phone, name) {
  const cut = await phone.page.evaluate(() => {
    const found = [];
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide > 0) found.push(`the page is ${wide} px too wide`);
    for (const element of document.querySelectorAll('button, p, h1, h2, h3, label, li, dd, dt, .badge, .time, .saving, .place')) {
      if (element.closest('.unseen') || element.classList.contains('unseen') || element.offsetParent === null) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0) continue;
      if (box.right > innerWidth + 1 || box.left < -1) found.push(`${element.className || element.tagName}: ${element.textContent.trim().slice(0, 30)}`);
      else if (element.scrollWidth > element.clientWidth + 1 && element.tagName !== 'H1' && getComputedStyle(element).display !== 'inline') {
        found.push(`${element.className || element.tagName} cuts: ${element.textContent.trim().slice(0, 30)}`);
      }
    }
    return found;
  });
  assert.deepEqual(cut, [], name);
}
