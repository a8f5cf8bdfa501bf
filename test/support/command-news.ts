import type { CommandReport, Delivery } from '../../src/sources/source.ts'

/** What a source says of commands that it sent before. */
export class CommandNews implements CommandReport {
  readonly heard: (Delivery & { readonly id: number })[] = []

  news(id: number, news: Delivery): void {
    this.heard.push({ id, ...news })
  }
}
