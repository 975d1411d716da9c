// Follows the choice of a variant in place. The rules are those of variant-choice.ts; every text comes from the page.
const data = document.getElementById('variants');
const form = document.getElementById('choice');
document.documentElement.classList.add('with-script');

if (data && form) {
  const variants = JSON.parse(data.textContent ?? '[]');
  const byId = (id) => document.getElementById(id);
  const chosenOf = (name) => form.querySelector(`input[name="${name}"]:checked`)?.value;
  const name = document.querySelector('h1')?.textContent ?? '';

  const best = (color, size) => {
    let found;
    let foundFits = -1;
    for (const variant of variants) {
      const fits =
        (color === undefined || variant.color === color ? 4 : 0) +
        (variant.buy ? 2 : 0) +
        (size === undefined || variant.size === size ? 1 : 0);
      if (fits > foundFits) [found, foundFits] = [variant, fits];
    }
    return found;
  };

  const showGallery = (images) => {
    const gallery = byId('gallery');
    const shown = [...gallery.querySelectorAll('img')].map((image) => image.getAttribute('src'));
    if (shown.join() === images.join()) return;
    gallery.replaceChildren(
      ...images.map((src, index) => {
        const image = document.createElement('img');
        image.src = src;
        image.alt = index === 0 ? name : `${name}, ${gallery.dataset.label} ${index + 1}`;
        image.width = 480;
        image.height = 480;
        return image;
      }),
    );
  };

  const showPrice = (variant) => {
    const price = document.createElement('span');
    price.className = 'price';
    price.textContent = variant.price;
    const parts = [price];
    if (variant.was !== '') {
      const was = document.createElement('s');
      was.className = 'was';
      was.textContent = variant.was;
      parts.push(' ', was);
    }
    byId('offer-price').replaceChildren(...parts);
  };

  const showOthers = (variant) => {
    const same = variants.filter((other) => other.color === variant.color && other.size === variant.size);
    byId('other-variants').hidden = same.length < 2;
    byId('other-sku').replaceChildren(
      ...same.map((other) => new Option(other.name, String(other.id), false, other.id === variant.id)),
    );
  };

  const show = (variant) => {
    for (const group of ['color', 'size']) {
      for (const radio of form.querySelectorAll(`input[name="${group}"]`)) {
        radio.checked = radio.value === variant[group];
        radio.disabled = !variants.some(
          (other) =>
            other.buy && other[group] === radio.value && (group === 'color' || other.color === variant.color),
        );
      }
    }
    showPrice(variant);
    const stock = document.createElement('span');
    stock.className = variant.stock > 0 ? 'stock' : 'stock none';
    stock.textContent = variant.stockText;
    byId('offer-stock').replaceChildren(stock);
    byId('offer-sku').textContent = variant.sku;
    byId('sku-id').value = String(variant.id);
    byId('quantity').max = String(Math.max(1, variant.stock));
    byId('buy').disabled = !variant.buy;
    showGallery(variant.images);
    const url = new URL(location.href);
    for (const key of ['color', 'size']) url.searchParams.delete(key);
    url.searchParams.set('sku', String(variant.id));
    history.replaceState(null, '', url);
  };

  form.addEventListener('change', (event) => {
    if (event.target.name === 'sku') {
      show(variants.find((variant) => String(variant.id) === event.target.value));
      return;
    }
    const variant = best(chosenOf('color'), chosenOf('size'));
    showOthers(variant);
    show(variant);
  });
  form.addEventListener('submit', (event) => event.preventDefault());
}
