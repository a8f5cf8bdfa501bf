import { describe, expect, it } from 'vitest'
import { linesOf } from './loading.ts'

describe('a file that is no YAML', () => {
  it.each([
    ['a tab', 'sources: []\nlog:\n\tlevel: info', 'line 3: plant.yaml: YAML does not allow tabs as indentation.'],
    ['an open quote', 'sources: []\nlog: { level: "info }', 'line 2: plant.yaml: Something is not closed'],
    ['two colons', 'sources: []\nlog: level: info', 'line 2: plant.yaml: A line can have one "name: value" only.'],
    ['a tag', 'sources: []\nlog: !secret level', 'line 2: plant.yaml: A tag (!name) has no meaning here.'],
    ['two documents', 'sources: []\n---\nsources: []', 'line 2: plant.yaml: The file holds a second document'],
    ['an escape', 'sources: []\nlog: { level: "\\q" }', 'line 2: plant.yaml: A backslash in double quotes'],
    ['an indicator', 'sources: []\nlog: @info', 'line 2: plant.yaml: Text without quotes cannot begin'],
  ])('is refused with the line: %s', (_, text, complaint) => {
    expect(linesOf(text)[0]).toContain(complaint)
  })

  it.each(['', '# nothing', '---'])('is refused when it is empty: %j', (text) => {
    expect(linesOf(text)).toEqual(['plant.yaml: The file is empty. Begin with config/penstock.example.yaml.'])
  })

  it.each(['5', '- a', '"text"'])('is refused when it is no group of settings: %j', (text) => {
    expect(linesOf(text)).toEqual([expect.stringContaining('plant.yaml: The file is not a group of settings.')])
  })
})

describe('names in a file', () => {
  it('are refused when they are there twice, whatever stands between them', () => {
    expect(linesOf('log: { level: info }\nsources: []\nlog: { level: warn }')).toEqual([
      'line 1: log: This setting is there twice. Remove one of the two.',
    ])
  })

  it('are only names, even __proto__ and constructor', () => {
    expect(linesOf('sources: []\n__proto__: { port: 1 }\nlog: { constructor: 1 }')).toEqual([
      expect.stringContaining('line 2: __proto__: There is no such setting here.'),
      expect.stringContaining('line 3: log.constructor: There is no such setting here.'),
    ])
  })

  it('are shown so that none can forge another line', () => {
    expect(linesOf('sources: []\n"a\\nb\\e[2J": 1')[0]).toContain(
      String.raw`["a\nb\u001b[2J"]: There is no such setting`,
    )
  })

  it('must be text', () => {
    expect(linesOf('sources: []\n? [a]\n: 1')).toEqual([expect.stringContaining('The name of a setting must be text.')])
  })
})

describe('references in a file', () => {
  it('are refused where they multiply until nothing could hold them', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const below = level === 0 ? 'x' : `*l${level - 1}`
      return `x-${level}: &l${level} [${Array(10).fill(below).join(', ')}]`
    })
    expect(linesOf([...levels, 'sources: *l8'].join('\n'))).toEqual([
      'plant.yaml: The settings are nested too deeply, or anchors multiply them. Remove the nesting, or the anchors that refer to anchors.',
    ])
  })

  it('are refused within the block they refer to', () => {
    expect(linesOf('x-a: &a { b: *a }\nsources: []')).toEqual([
      expect.stringContaining('x-a.b: This refers to the block that it stands in.'),
    ])
  })

  it('are refused when nothing above has the name, and that is said once', () => {
    expect(linesOf('sources: *nothing')).toEqual([
      expect.stringContaining('line 1: sources: This refers to a name that nothing above has.'),
    ])
  })

  it('are refused when something else than settings is merged', () => {
    expect(linesOf('x-a: &a 5\nlog: { <<: *a }\nsources: []')).toEqual([
      expect.stringContaining('log["<<"]: Only groups of settings can be merged.'),
    ])
  })

  it('are refused in a file that is nested without end', () => {
    expect(linesOf(`sources: ${'['.repeat(10_000)}${']'.repeat(10_000)}`)[0]).toContain('nested too deeply')
  })
})
