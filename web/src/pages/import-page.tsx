import { Alert, Button, Checkbox, Group, Progress, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useState } from 'react'
import type { ImportFormat } from '../../../src/config/imports/imported.ts'
import { useOutline } from '../api/configuration.ts'
import { useBeginImport, useForgetImport, usePlantImport, useTakeImport } from '../api/imports.ts'
import type { PlantImportAnswer } from '../api/types.ts'
import { ConfigurationTabs } from '../configuration/configuration-tabs.tsx'
import { ImportOutcome } from '../configuration/import-outcome.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { FileButton } from '../parts/file-button.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'

const formats = ['kepware-json', 'kepware-csv', 'opcgw'] as const satisfies readonly ImportFormat[]
const endings: Readonly<Record<ImportFormat, string>> = {
  'kepware-json': '.json,application/json',
  'kepware-csv': '.csv,text/csv',
  opcgw: '.toml',
}
const LARGEST = 48 * 1024 * 1024

/** Plants of other products: what a file becomes is shown, with all that is left out, before it goes into the draft. */
export function ImportPage() {
  const { t } = useLocale()
  const [format, setFormat] = useState<ImportFormat>('kepware-json')
  const [device, setDevice] = useState<string | null>(null)
  const [zeroBased, setZeroBased] = useState(true)
  const [zeroBasedBits, setZeroBasedBits] = useState(true)
  const { data: state, error, refetch } = usePlantImport()
  const begin = useBeginImport()
  const take = useTakeImport()
  useLiveSelection('none')
  const isNarrow = useMediaQuery('(max-width: 48em)')
  const needsDevice = format === 'kepware-csv'
  const isRunning = state?.state === 'running'
  const open = (file: string) => {
    take.reset()
    begin.mutate({ format, file, ...(needsDevice && device ? { device, zeroBased, zeroBasedBits } : {}) })
  }
  return (
    <>
      <ConfigurationTabs current="import" />
      <PageTitle title={t('imports.title')} />
      <Stack>
        <Text size="sm">{t('imports.intro')}</Text>
        <SegmentedControl
          aria-label={t('imports.format')}
          value={format}
          onChange={(value) => setFormat(formats.find((each) => each === value) ?? 'kepware-json')}
          data={formats.map((value) => ({ value, label: t(`imports.from.${value}`) }))}
          orientation={isNarrow ? 'vertical' : 'horizontal'}
          style={{ alignSelf: 'start' }}
        />
        <Text size="sm" className="quiet">
          {t(`imports.how.${format}`)}
        </Text>
        {needsDevice ? (
          <Stack gap="xs">
            <DeviceSelect value={device} onChange={setDevice} />
            <Checkbox
              label={t('imports.zeroBased')}
              checked={zeroBased}
              onChange={(event) => setZeroBased(event.currentTarget.checked)}
            />
            <Checkbox
              label={t('imports.zeroBasedBits')}
              checked={zeroBasedBits}
              onChange={(event) => setZeroBasedBits(event.currentTarget.checked)}
            />
          </Stack>
        ) : null}
        {needsDevice && !device ? (
          <Text size="sm">{t('imports.deviceFirst')}</Text>
        ) : (
          <Group>
            <FileButton accept={endings[format]} largest={LARGEST} onText={open}>
              {t('imports.open')}
            </FileButton>
          </Group>
        )}
        {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
        {begin.error ? <Trouble error={begin.error} /> : null}
        {take.error ? <Trouble error={take.error} /> : null}
        {begin.isPending || isRunning ? <Running state={state} isSent={!begin.isPending} /> : null}
        {state?.state === 'refused' && !begin.isPending ? (
          <Alert color="red" title={t('imports.refused')} style={{ overflowWrap: 'anywhere' }}>
            {state.message}
          </Alert>
        ) : null}
        {take.isSuccess && state?.state === 'none' ? (
          <Alert color="green" role="status">
            {t('csv.taken')}
          </Alert>
        ) : null}
        {state?.state === 'ready' && !begin.isPending ? (
          <ImportOutcome state={state} isPending={take.isPending} onTake={() => take.mutate()} />
        ) : null}
      </Stack>
    </>
  )
}

interface DeviceSelectProps {
  readonly value: string | null
  readonly onChange: (device: string | null) => void
}

/** The Modbus and S7 devices of the draft. */
function DeviceSelect({ value, onChange }: DeviceSelectProps) {
  const { t } = useLocale()
  const { data: outline } = useOutline()
  const data = (outline?.sources ?? [])
    .filter(({ kind }) => kind === 'modbus' || kind === 's7')
    .map(({ name, devices }) => ({
      group: name,
      items: devices.map((device) => ({ value: device.key, label: device.name })),
    }))
  return (
    <Select
      label={t('imports.device')}
      description={t('imports.deviceHint')}
      data={data}
      value={value}
      onChange={onChange}
      searchable
      maw={420}
    />
  )
}

function Running({ state, isSent }: { readonly state: PlantImportAnswer | undefined; readonly isSent: boolean }) {
  const { t } = useLocale()
  const forget = useForgetImport()
  const words = !isSent
    ? t('imports.sending')
    : t(state?.step === 'checking' ? 'imports.checking' : 'imports.reading', { done: state?.done ?? 0 })
  return (
    <Stack gap="xs" maw={420}>
      <Progress value={100} animated aria-label={words} />
      <Text size="sm" role="status">
        {words}
      </Text>
      {isSent ? (
        <Group>
          <Button variant="default" size="xs" loading={forget.isPending} onClick={() => forget.mutate()}>
            {t('conf.cancel')}
          </Button>
        </Group>
      ) : null}
    </Stack>
  )
}
