/**
 * What blessed-contrib's canvas widgets need of `blessed`, and no more: the bundler (and the test loader) put this in
 * its place. The real one takes hold of the whole terminal; we want only its widgets' drawings, as text.
 * @module
 */

interface Widget {
  width: number;
  height: number;
  listeners: Map<string, ((this: Widget) => void)[]>;
}

/** The root of blessed's widgets. A function, since blessed-contrib calls it as one (`Box.call(this, options)`). */
export function Node(this: Widget, options: { width?: number; height?: number } = {}): void {
  this.width = options.width ?? 0;
  this.height = options.height ?? 0;
  this.listeners = new Map();
}

Node.prototype = {
  on(this: Widget, event: string, listener: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  },
  emit(this: Widget, event: string): void {
    for (const listener of this.listeners.get(event) ?? []) listener.call(this);
  },
};

/** A widget with an area. */
export function Box(this: Widget, options: { width?: number; height?: number } = {}): void {
  Node.call(this, options);
}

Box.prototype = Object.create(Node.prototype);
