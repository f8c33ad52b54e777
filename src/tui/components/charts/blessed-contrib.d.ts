/** The widgets of blessed-contrib that are used, each imported by its own file; the package's root loads them all. */
declare module 'blessed-contrib/lib/widget/*' {
  interface CanvasWidget {
    readonly ctx: {
      readonly _canvas: { frame(delimiter: string): string };
      moveTo(x: number, y: number): void;
      lineTo(x: number, y: number): void;
    };
    emit(event: 'attach'): void;
    setData(data: unknown): void;
  }
  const Widget: new (options: Readonly<Record<string, unknown>>) => CanvasWidget;
  // biome-ignore lint/style/noDefaultExport: CommonJS modules have only this one.
  export default Widget;
}
