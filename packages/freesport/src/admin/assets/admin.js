// The swatch follows the colour as it is picked.
for (const input of document.querySelectorAll('[data-live-swatch]')) {
  const circle = document.querySelector(`[data-swatch="${input.dataset.liveSwatch}"] circle`);
  input.addEventListener('input', () => circle?.setAttribute('fill', input.value));
}

// A page that shows something running reads itself again, in place, so that focus and reading position stay.
const main = document.querySelector('main[data-refresh-s]');
if (main) {
  const again = async () => {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main');
    if (fresh === null || document.activeElement?.closest('form')) return;
    main.replaceChildren(...fresh.childNodes);
    if (!('refreshS' in fresh.dataset)) clearInterval(timer);
  };
  const timer = setInterval(again, Number(main.dataset.refreshS) * 1000);
}
