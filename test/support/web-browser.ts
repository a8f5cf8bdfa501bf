import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pictures = fileURLToPath(new URL('../../test-results/web', import.meta.url))

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

/** Debian's Chromium, without anything that it would ask of the network by itself. */
export function startBrowser(): Promise<Browser> {
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
  const offline = ['--disable-background-networking', '--disable-component-update']
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...flags, ...offline] })
}

export interface Looks {
  readonly name: string
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
  readonly height: number
}

export const looks = {
  light: { name: 'light', colorScheme: 'light', width: 1_360, height: 860 },
  dark: { name: 'dark', colorScheme: 'dark', width: 1_360, height: 860 },
  phone: { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
} as const satisfies Record<string, Looks>

/** A person at a browser: what the console complains about is kept, so that a test can expect nothing. */
export class WebVisitor {
  readonly page: Page
  readonly complaints: string[] = []
  readonly #context: BrowserContext
  readonly #origin: string
  readonly #looks: Looks

  private constructor(context: BrowserContext, page: Page, origin: string, looks: Looks) {
    this.#context = context
    this.page = page
    this.#origin = origin
    this.#looks = looks
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
  }

  static async come(browser: Browser, origin: string, look: Looks, locale = 'en-GB'): Promise<WebVisitor> {
    const { width, height, colorScheme } = look
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
      locale,
    })
    const page = await context.newPage()
    return new WebVisitor(context, page, origin, look)
  }

  async logIn(name: string, password: string): Promise<void> {
    await this.page.getByLabel(/^User/).fill(name)
    await this.page.getByLabel(/^Password/).fill(password)
    await this.page.getByRole('button', { name: 'Log in' }).click()
    // Not the page that asked, which has a heading too.
    await this.page.getByRole('button', { name: 'Account and settings' }).waitFor()
  }

  open(path: string): Promise<unknown> {
    return this.page.goto(`${this.#origin}${path}`)
  }

  /** Leaves a picture in `test-results/web`, for people to look at. */
  async picture(name: string): Promise<void> {
    mkdirSync(pictures, { recursive: true })
    await this.page.screenshot({ path: join(pictures, `${name}-${this.#looks.name}.png`) })
  }

  /** What axe finds that keeps people out (WCAG 2.2 A and AA), with the elements. */
  async obstacles(): Promise<string[]> {
    // What still fades in has another contrast than it will have.
    await this.page.evaluate(
      `Promise.allSettled(document.getAnimations()
        .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
        .map(({ finished }) => finished)).then(() => true)`,
    )
    // What is looked into the page with, as an extension would, is no script of the page.
    await this.page.evaluate(`${axe};0`)
    const { violations } = await this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResult> } }
      // What passes is not described: on a page of many rows that takes longer than to find what does not.
      const resultTypes = ['violations']
      return axe.run({ resultTypes, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
  }

  /** By how many pixels the page is wider than the screen. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  }

  leave(): Promise<void> {
    return this.#context.close()
  }
}
