import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { aGatewayHealth, metricsOf, type Scraped, scraped } from '../../support/gateway-health.ts'

/** Alert rules and dashboard are held against what the gateway answers at /metrics. */
const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}
const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(read('deploy/grafana/penstock.json')) as {
  uid: string
  panels: Panel[]
  templating: { list: { name: string; query: string | { query: string } }[] }
}
const { scrape_configs: jobs, rule_files: ruleFiles } = parse(read('deploy/prometheus/prometheus.yml')) as {
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
  rule_files: string[]
}

/** What Prometheus adds to whatever it scrapes. */
const ofPrometheus = { instance: 'penstock:8080', job: jobs[0]?.job_name ?? '' }
let series: Scraped[]

beforeAll(async () => {
  series = scraped(await metricsOf(aGatewayHealth()).text())
  series.push({ name: 'up', labels: {}, value: 1 })
  series = series.map((each) => ({ ...each, labels: { ...each.labels, ...ofPrometheus } }))
})

/** Each metric of a PromQL expression with its matchers. */
function selectorsOf(expr: string) {
  const selector = /\b(penstock_\w+|process_\w+|nodejs_\w+|up)\b(?!\()(?:\{([^}]*)\})?/g
  return [...expr.matchAll(selector)].map(([, name = '', inner = '']) => ({
    name,
    matchers: [...inner.matchAll(/(\w+)(=~?)"([^"]*)"/g)].map(([, label = '', operator, value = '']) => ({
      label,
      values: operator === '=~' ? value.split('|') : [value],
    })),
  }))
}

/** What of an expression is not in the answer: metrics, labels and values of labels. */
function missingOf(expr: string): string[] {
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([\w, ]+)\)/g)].flatMap(([, labels = '']) => labels.split(', '))
  return selectorsOf(expr).flatMap(({ name, matchers }) => {
    const found = series.filter((each) => each.name === name)
    if (found.length === 0) return [name]
    const unknown = grouped.filter((label) => !found.every(({ labels }) => label in labels))
    const unmatched = matchers.flatMap(({ label, values }) =>
      values
        .filter(
          (value) => !found.some(({ labels }) => (value.startsWith('$') ? label in labels : labels[label] === value)),
        )
        .map((value) => `${name}{${label}="${value}"}`),
    )
    return [...unknown.map((label) => `${name} by ${label}`), ...unmatched]
  })
}

/** Labels that a text for people names. */
const namedIn = (text: string) =>
  [...text.matchAll(/\{\{ ?\$?(?:labels\.)?(\w+) ?\}\}/g)].map(([, label = '']) => label)

describe('the alert rules', () => {
  it('find every metric, label and state that they name in what the gateway answers', () => {
    expect(rules.length).toBeGreaterThan(8)
    for (const { alert, expr } of rules) {
      expect(selectorsOf(expr), alert).not.toEqual([])
      expect(missingOf(expr), alert).toEqual([])
    }
  })

  it('say in words what is wrong and what to do, with labels that the alert has', () => {
    for (const { alert, expr, annotations } of rules) {
      expect(Object.keys(annotations), alert).toEqual(['summary', 'description'])
      const [first] = selectorsOf(expr)
      const labels = series.find(({ name }) => name === first?.name)?.labels ?? {}
      const named = Object.values(annotations).flatMap(namedIn)
      expect(
        named.filter((label) => !(label in labels)),
        alert,
      ).toEqual([])
    }
  })

  it('would find a metric, a label or a state that is not there', () => {
    expect(missingOf('penstock_nothing > 1')).toEqual(['penstock_nothing'])
    expect(missingOf('sum by (device) (penstock_source_state)')).toEqual(['penstock_source_state by device'])
    expect(missingOf('penstock_source_state{state=~"backoff|gone"}')).toEqual(['penstock_source_state{state="gone"}'])
  })
})

describe('the dashboard', () => {
  it('finds every metric and label that it shows in what the gateway answers', () => {
    for (const { title, targets } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        expect(selectorsOf(expr), title).not.toEqual([])
        expect(missingOf(expr), title).toEqual([])
        if (expr.startsWith('sum by')) continue
        const labels = series.find(({ name }) => name === selectorsOf(expr)[0]?.name)?.labels ?? {}
        expect(
          namedIn(legendFormat).filter((label) => !(label in labels)),
          title,
        ).toEqual([])
      }
    }
    for (const { query } of dashboard.templating.list) {
      if (typeof query === 'string') continue
      const [, inner = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? []
      expect(missingOf(`sum by (${label}) (${inner})`), query.query).toEqual([])
    }
  })

  it('names only variables that it has, and lays no panel over another', () => {
    const known = [...dashboard.templating.list.map(({ name }) => name), '__rate_interval']
    const used = [...JSON.stringify(dashboard.panels).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name)
    expect([...new Set(used)].filter((name) => !known.includes(name ?? ''))).toEqual([])
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})

describe('the profile of compose.yaml for monitoring', () => {
  const { services } = parse(read('compose.yaml')) as {
    services: Record<string, { profiles?: string[]; volumes?: string[]; ports?: string[] }>
  }
  const mountOf = (service: string, from: string) =>
    services[service]?.volumes?.find((mount) => mount.startsWith(`${from}:`))?.split(':')[1]

  it('lets Prometheus scrape the gateway and load the rules from where they are mounted', () => {
    expect(Object.keys(services)).toContain(ofPrometheus.instance.split(':')[0])
    expect(jobs[0]?.static_configs[0]?.targets).toEqual([ofPrometheus.instance])
    expect(ruleFiles).toEqual([`${mountOf('prometheus', './deploy/prometheus')}/alerts.yaml`])
  })

  it('gives Grafana the dashboard where it looks for it, and Prometheus where it is', () => {
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/penstock.yaml')) as {
      providers: { options: { path: string } }[]
    }
    expect(mountOf('grafana', './deploy/grafana/penstock.json')).toBe(`${providers[0]?.options.path}/penstock.json`)
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: { url: string }[]
    }
    expect(datasources[0]?.url).toBe('http://prometheus:9090')
  })

  it('is published on this machine only', () => {
    const monitoring = Object.values(services).filter(({ profiles }) => profiles?.includes('monitoring'))
    expect(monitoring.flatMap(({ ports = [] }) => ports)).toEqual(['127.0.0.1:9090:9090', '127.0.0.1:3000:3000'])
  })
})
