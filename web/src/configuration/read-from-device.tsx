import { Alert, Button, Fieldset, Group, NumberInput, Stack, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/queries.ts'
import { part, request } from '../api/request.ts'
import type { ReadingAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSources } from '../live/use-live.tsx'
import { Trouble } from '../parts/trouble.tsx'
import type { Place } from './place.ts'
import { type Settings, withSetting } from './schema.ts'

interface ReadFromDeviceProps {
  /** Of the tag, or of the device to which one is added. */
  readonly place: Place
  readonly kind: string
  readonly tag: Settings
  readonly onChange: (tag: Settings) => void
}

interface Point {
  readonly raw: number
  readonly value: number | string
}

const readSettings = ['address', 'type', 'encoding', 'byteOrder', 'wordOrder', 'order'] as const

/** What the device says at the address in the form, before the tag is there; and of two such readings a calibration. */
export function ReadFromDevice({ place, kind, tag, onChange }: ReadFromDeviceProps) {
  const { t } = useLocale()
  const may = useMay('command')
  const [, source = '', , device = ''] = place.at.split('/')
  const runs = useLiveSources()?.some((each) => each.key === source && each.devices.some(({ key }) => key === device))
  const [points, setPoints] = useState<readonly Point[]>([])
  const read = useMutation({
    mutationFn: () => {
      const wanted = readSettings.flatMap((name) => (typeof tag[name] === 'string' ? [[name, tag[name]]] : []))
      const length = tag.length === undefined ? {} : { length: String(tag.length) }
      const body = { device, ...Object.fromEntries(wanted), ...length }
      return request<ReadingAnswer>(`/diagnostics/${part(source)}/read`, { method: 'POST', body })
    },
  })
  if (!may || (kind !== 'modbus' && kind !== 's7')) return null
  if (!runs) {
    return (
      <Text size="sm" className="quiet">
        {t('conf.readLater')}
      </Text>
    )
  }
  const { data } = read
  const raw = typeof data?.value === 'number' ? data.value : undefined
  const [one, other] = points.filter(({ value }) => typeof value === 'number')
  const isLine = one && other && one.raw !== other.raw
  return (
    <Fieldset legend={t('conf.try')} p="sm">
      <Stack gap="xs">
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} />}
            loading={read.isPending}
            disabled={typeof tag.address !== 'string'}
            onClick={() => read.mutate()}
          >
            {t('tag.readNow')}
          </Button>
          {raw !== undefined && points.length < 2 ? (
            <Button size="xs" variant="subtle" onClick={() => setPoints([...points, { raw, value: '' }])}>
              {t('conf.calibrate')}
            </Button>
          ) : null}
        </Group>
        {read.error ? <Trouble error={read.error} /> : null}
        {data ? (
          <Alert color="blue" p="xs" role="status">
            {data.status === null
              ? t('tag.readBusy')
              : t('tag.readAnswer', {
                  value: JSON.stringify(data.value),
                  status: data.status,
                  ms: Math.round(data.ms),
                })}
          </Alert>
        ) : null}
        {points.map((point, position) => (
          <NumberInput
            // biome-ignore lint/suspicious/noArrayIndexKey: readings do not move
            key={position}
            label={t('conf.calibratePoint', { raw: point.raw })}
            value={point.value}
            onChange={(value) => setPoints(points.map((each) => (each === point ? { ...each, value } : each)))}
          />
        ))}
        {points.length === 1 ? <Text size="sm">{t('conf.calibrateSecond')}</Text> : null}
        {isLine ? (
          <Group>
            <Button
              size="xs"
              onClick={() => {
                const { scale: _scale, offset: _offset, ...transform } = (tag.transform ?? {}) as Settings
                const linear = { raw: [one.raw, other.raw], value: [one.value, other.value] }
                onChange(withSetting(tag, 'transform', { ...transform, linear }))
                setPoints([])
              }}
            >
              {t('conf.calibrateUse')}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Fieldset>
  )
}
