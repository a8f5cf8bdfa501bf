import {
  Alert,
  Button,
  Code,
  Fieldset,
  Group,
  NativeSelect,
  NumberInput,
  Progress,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useBeginCalibration, useCalibration, useCancelCalibration, useTakeCalibration } from '../api/calibration.ts'
import type { CalibrationAnswer } from '../api/types.ts'
import type { TextName } from '../i18n/locale.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useNow } from '../live/use-live.tsx'
import { Facts } from './facts.tsx'
import { Trouble } from './trouble.tsx'

interface CalibrationPanelProps {
  readonly source: string
  readonly devices: readonly { readonly key: string; readonly name: string }[]
}

/** Measures what a device bears, and offers what comes of it as settings. */
export function CalibrationPanel({ source, devices }: CalibrationPanelProps) {
  const { t } = useLocale()
  const { data, error, refetch } = useCalibration(source)
  const calibration = data?.calibration
  const nameOf = (key: string) => devices.find((device) => device.key === key)?.name ?? key
  return (
    <Fieldset legend={t('calibration.title')} p="sm">
      <Stack gap="sm">
        {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
        {calibration?.state === 'running' ? (
          <Running calibration={calibration} name={nameOf(calibration.device)} />
        ) : (
          <Begin source={source} devices={devices} />
        )}
        {calibration && calibration.state !== 'running' ? (
          <Ended calibration={calibration} name={nameOf(calibration.device)} />
        ) : null}
      </Stack>
    </Fieldset>
  )
}

const LONGEST_SECONDS = 600
const USUAL_SECONDS = 120

function Begin({ source, devices }: CalibrationPanelProps) {
  const { t } = useLocale()
  const begin = useBeginCalibration(source)
  const [device, setDevice] = useState(devices[0]?.key ?? '')
  const [ranges, setRanges] = useState('')
  const [seconds, setSeconds] = useState<number | string>(USUAL_SECONDS)
  const given = ranges.split(/[\s,;]+/).filter((range) => range !== '')
  return (
    <>
      <Text size="sm">{t('calibration.intro')}</Text>
      <Alert color="yellow" p="xs">
        {t('calibration.pauses', { seconds: String(seconds) })}
      </Alert>
      <Group align="flex-end" gap="sm">
        <NativeSelect
          label={t('diagnostics.device')}
          data={devices.map(({ key, name }) => ({ value: key, label: name }))}
          value={device}
          onChange={({ currentTarget }) => setDevice(currentTarget.value)}
        />
        <TextInput
          label={t('calibration.ranges')}
          placeholder="holding:0-99"
          value={ranges}
          onChange={({ currentTarget }) => setRanges(currentTarget.value)}
        />
        <NumberInput
          label={t('calibration.seconds')}
          min={1}
          max={LONGEST_SECONDS}
          allowDecimal={false}
          w={130}
          value={seconds}
          onChange={setSeconds}
        />
        <Button
          loading={begin.isPending}
          disabled={device === '' || typeof seconds !== 'number'}
          onClick={() =>
            begin.mutate({ device, seconds: Number(seconds), ...(given.length > 0 ? { ranges: given } : {}) })
          }
        >
          {t('calibration.begin')}
        </Button>
      </Group>
      {begin.error ? <Trouble error={begin.error} /> : null}
    </>
  )
}

interface OneCalibration {
  readonly calibration: CalibrationAnswer
  readonly name: string
}

function Running({ calibration, name }: OneCalibration) {
  const { t, number } = useLocale()
  const { source, startedAt, seconds, requests, mostRequests, steps } = calibration
  const cancel = useCancelCalibration(source)
  const now = useNow()
  const elapsed = Math.min(seconds, Math.max(0, Math.round((now - startedAt) / 1_000)))
  const used = Math.max(elapsed / seconds, requests / mostRequests)
  return (
    <>
      <Text size="sm">{t('calibration.running', { device: name })}</Text>
      <Progress value={Math.min(100, used * 100)} animated aria-label={t('calibration.progress')} />
      <Text size="sm" className="numeric quiet">
        {t('calibration.used', {
          requests: number(requests),
          mostRequests: number(mostRequests),
          elapsed: number(elapsed),
          seconds: number(seconds),
        })}
      </Text>
      <Text size="sm" role="status">
        {steps.at(-1) ?? ''}
      </Text>
      <Group>
        <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('calibration.cancel')}
        </Button>
      </Group>
      {cancel.error ? <Trouble error={cancel.error} /> : null}
    </>
  )
}

const endings = {
  done: ['calibration.done', 'green'],
  ended: ['calibration.ended', 'yellow'],
  cancelled: ['calibration.cancelled', 'gray'],
  failed: ['calibration.failed', 'red'],
} as const satisfies Record<Exclude<CalibrationAnswer['state'], 'running'>, readonly [TextName, string]>

function Ended({ calibration, name }: OneCalibration) {
  const { t, number, time } = useLocale()
  const { source, device, state, reason, endedAt, requests, by, findings, proposal } = calibration
  const take = useTakeCalibration(source)
  if (state === 'running') return null
  const [words, colour] = endings[state]
  const settings = [
    ...Object.entries(proposal?.source ?? {}).map(([setting, value]) => `${setting}: ${value}`),
    ...Object.entries(proposal?.device ?? {}).map(([setting, value]) => `devices/${device}/${setting}: ${value}`),
  ]
  return (
    <>
      <Alert color={colour} p="xs" role="status" title={t(words, { device: name })}>
        <Text size="sm">
          {t('calibration.who', { user: by, requests: number(requests), time: time(endedAt ?? calibration.startedAt) })}
        </Text>
        {reason ? <Text size="sm">{reason}</Text> : null}
      </Alert>
      <Facts facts={findings.map(({ what, words: found }) => [what, found] as const)} />
      {settings.length > 0 ? (
        <>
          <Text size="sm" fw={600}>
            {t('calibration.proposed')}
          </Text>
          <Code block>{settings.join('\n')}</Code>
          <Group gap="sm">
            <Button onClick={() => take.mutate()} loading={take.isPending}>
              {t('calibration.take')}
            </Button>
            {take.isSuccess ? (
              <Text size="sm" role="status">
                {t('calibration.taken')} <Link href="/configuration">{t('conf.review')}</Link>
              </Text>
            ) : null}
          </Group>
          {take.error ? <Trouble error={take.error} /> : null}
        </>
      ) : null}
      {proposal && settings.length === 0 ? <Text size="sm">{t('calibration.noSetting')}</Text> : null}
    </>
  )
}
