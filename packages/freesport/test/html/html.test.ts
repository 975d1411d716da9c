import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { html, jsonForHtml } from '../../src/html/html.ts';

describe('html', () => {
  it('escapes whatever it is given, in text and in attributes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const made = html`<a title="${text}">${text}</a>`.text;
        const inside = made.slice('<a title="'.length, -'</a>'.length);
        assert.equal(inside.split('"').length, 2, 'only the quote that ends the attribute');
        assert.ok(!/[<]/.test(inside));
      }),
    );
    assert.equal(html`${'<script>'}${['&', html`<b>`]}${null}${0}${false}`.text, '&lt;script&gt;&amp;<b>0');
  });

  it('makes JSON that cannot end its script element', () => {
    const made = jsonForHtml({ name: '</script><script>alert(1)</script>' }).text;
    assert.ok(!made.includes('<'));
    assert.deepEqual(JSON.parse(made), { name: '</script><script>alert(1)</script>' });
  });
});
