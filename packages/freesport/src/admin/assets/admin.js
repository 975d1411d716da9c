// The swatch follows the colour as it is picked.
for (const input of document.querySelectorAll('[data-live-swatch]')) {
  const circle = document.querySelector(`[data-swatch="${input.dataset.liveSwatch}"] circle`);
  input.addEventListener('input', () => circle?.setAttribute('fill', input.value));
}
