import type { ComponentChildren } from 'preact';

/** Something that must not be overlooked. `alert` is spoken at once. */
export function Banner(props: {
  readonly kind: 'alert' | 'status';
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class={`banner ${props.kind}`} role={props.kind}>
      <strong>{props.title}</strong> {props.children}
    </div>
  );
}
