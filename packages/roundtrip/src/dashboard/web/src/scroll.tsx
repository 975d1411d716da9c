import type { ComponentChildren } from 'preact';

/** Something that scrolls by itself: named, and reachable with the keyboard, so that its end can be read without a mouse. */
export function Scroll(props: {
  readonly label: string;
  readonly as?: 'pre' | undefined;
  readonly children: ComponentChildren;
}) {
  const { label, as, children } = props;
  const content = as === 'pre' ? <pre lang="en">{children}</pre> : children;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (axe scrollable-region-focusable)
    <section class={`scroll ${as ?? 'free'}`} tabIndex={0} aria-label={label}>
      {content}
    </section>
  );
}
