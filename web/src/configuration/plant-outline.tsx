import { Badge, Button, Group, NavLink, Select, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link, useLocation } from 'wouter'
import { useDraft } from '../api/configuration.ts'
import type { OutlineAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { addressOf } from './place.ts'
import { isWrongAt } from './problems.tsx'

interface OutlineProps {
  readonly outline: OutlineAnswer
  readonly chosen: string
}

export const sourceKinds = ['modbus', 's7', 'chirpstack', 'calculated'] as const

/** Sources, devices and templates as the draft has them. */
export function PlantOutline({ outline, chosen }: OutlineProps) {
  const { t, orElse } = useLocale()
  const { data } = useDraft()
  const isHere = (at: string) => chosen === at || chosen.startsWith(`${at}/tags`)
  const wrong = (at: string) =>
    isWrongAt(at, data?.draft) ? (
      <Badge color="red" variant="light" size="xs" tt="none">
        {t('conf.wrong')}
      </Badge>
    ) : null
  return (
    <nav className="plant-tree" aria-label={t('plant.tree')}>
      <NavLink component={Link} href="/configuration" label={t('conf.plant')} active={chosen === ''} />
      {outline.sources.map(({ key, name, kind, devices }) => (
        <div key={key}>
          <NavLink
            component={Link}
            href={addressOf(`sources/${key}`)}
            active={isHere(`sources/${key}`)}
            label={name}
            description={orElse(`kind.${kind}`, kind)}
            rightSection={wrong(`sources/${key}`)}
            fw={600}
          />
          {devices.map((device) => {
            const at = `sources/${key}/devices/${device.key}`
            return (
              <NavLink
                key={device.key}
                component={Link}
                href={addressOf(at)}
                active={isHere(at)}
                label={device.name}
                pl={28}
                rightSection={
                  <Text size="xs" className="quiet numeric">
                    {device.tags}
                  </Text>
                }
              />
            )
          })}
        </div>
      ))}
      {outline.templates.map(({ key, name }) => (
        <NavLink
          key={key}
          component={Link}
          href={addressOf(`templates/${key}`)}
          active={isHere(`templates/${key}`)}
          label={name}
          description={t('conf.template')}
          rightSection={wrong(`templates/${key}`)}
        />
      ))}
    </nav>
  )
}

/** The same on a narrow screen. */
export function PlantOutlineSelect({ outline, chosen }: OutlineProps) {
  const { t } = useLocale()
  const [, navigate] = useLocation()
  const data = [
    { value: '', label: t('conf.plant') },
    ...outline.sources.flatMap((source) => [
      { value: `sources/${source.key}`, label: source.name },
      ...source.devices.map(({ key, name }) => ({ value: `sources/${source.key}/devices/${key}`, label: `– ${name}` })),
    ]),
    ...outline.templates.map(({ key, name }) => ({
      value: `templates/${key}`,
      label: `${t('conf.template')}: ${name}`,
    })),
  ]
  const value = data.findLast((each) => each.value !== '' && chosen.startsWith(each.value))?.value ?? ''
  return (
    <Select
      aria-label={t('plant.tree')}
      data={data}
      value={value}
      onChange={(given) => navigate(given ? addressOf(given) : '/configuration')}
      searchable
      allowDeselect={false}
    />
  )
}

/** Where a source of any kind is added. */
export function AddSource() {
  const { t } = useLocale()
  return (
    <Group gap="sm">
      {sourceKinds.map((kind) => (
        <Button
          key={kind}
          component={Link}
          href={`${addressOf('sources')}&add=${kind}`}
          variant="light"
          leftSection={<IconPlus size={16} />}
        >
          {t('conf.addSource', { kind: t(`kind.${kind}`) })}
        </Button>
      ))}
      <Button component={Link} href="/setup">
        {t('setup.begin')}
      </Button>
      <Button
        component={Link}
        href={`${addressOf('templates')}&add=1`}
        variant="light"
        leftSection={<IconPlus size={16} />}
      >
        {t('conf.addTemplate')}
      </Button>
    </Group>
  )
}
