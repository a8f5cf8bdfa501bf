import { Card, Group, Skeleton, Stack, Text, ThemeIcon, UnstyledButton } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useSearchParams } from 'wouter'
import { useDraft, useOutline } from '../api/configuration.ts'
import { useMay } from '../api/queries.ts'
import { useSetupClients } from '../api/setup.ts'
import type { OutlineAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveStream } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { ApplyStep } from '../setup/apply-step.tsx'
import { ClientStep } from '../setup/client-step.tsx'
import { SourceStep } from '../setup/source-step.tsx'
import { TagsStep } from '../setup/tags-step.tsx'

const steps = ['source', 'tags', 'apply', 'client'] as const
type Step = (typeof steps)[number]

/**
 * From an empty gateway to a client that reads: what is there already, and what comes next. What was done stands in the
 * draft, on the gateway, so that a reload loses nothing.
 */
export function SetupPage() {
  const { t } = useLocale()
  const may = useMay('configure')
  useLiveStream()
  return (
    <div style={{ maxWidth: 980 }}>
      <PageTitle title={t('setup.title')} />
      {may ? <Guide /> : <ClientsOnly />}
    </div>
  )
}

function Guide() {
  const { t } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const { data: outline, error, refetch } = useOutline()
  const { data: draft } = useDraft()
  const { data: clients } = useSetupClients()
  if (error) return <Trouble error={error} retry={() => void refetch()} />
  if (!outline || !draft) return <Skeleton h={320} />
  const done = doneOf(
    outline,
    draft.draft !== null && draft.draft.changes.length > 0,
    (clients?.clients.length ?? 0) > 0,
  )
  const asked = parameters.get('step')
  const step = steps.find((each) => each === asked) ?? steps.find((each) => !done[each]) ?? 'client'
  const go = (to: Step) =>
    setParameters(() => {
      scrollTo({ top: 0 })
      return { step: to }
    })
  return (
    <Stack gap="md">
      <Text>{t('setup.intro')}</Text>
      <Steps step={step} done={done} go={go} />
      <Card withBorder component="section" aria-label={t(`setup.${step}`)}>
        {step === 'source' ? <SourceStep outline={outline} onDone={() => go('tags')} /> : null}
        {step === 'tags' ? <TagsStep outline={outline} onDone={() => go('apply')} /> : null}
        {step === 'apply' ? <ApplyStep draft={draft.draft} onDone={() => go('client')} /> : null}
        {step === 'client' ? <ClientStep /> : null}
      </Card>
    </Stack>
  )
}

/** Whoever may not configure still finds out how to connect. */
function ClientsOnly() {
  const { t } = useLocale()
  return (
    <Card withBorder component="section" aria-label={t('setup.client')}>
      <ClientStep />
    </Card>
  )
}

function doneOf(
  { sources, templates }: OutlineAnswer,
  isPending: boolean,
  isConnected: boolean,
): Record<Step, boolean> {
  const hasTags =
    sources.some(({ kind, devices }) => kind === 'chirpstack' || devices.some(({ tags }) => tags > 0)) ||
    templates.length > 0
  return {
    source: sources.length > 0,
    tags: hasTags && sources.length > 0,
    apply: hasTags && sources.length > 0 && !isPending,
    client: isConnected,
  }
}

interface StepsProps {
  readonly step: Step
  readonly done: Readonly<Record<Step, boolean>>
  readonly go: (to: Step) => void
}

function Steps({ step, done, go }: StepsProps) {
  const { t } = useLocale()
  return (
    <nav aria-label={t('setup.steps')}>
      <ol className="setup-steps">
        {steps.map((each, position) => (
          <li key={each}>
            <UnstyledButton
              className="setup-step"
              onClick={() => go(each)}
              aria-current={each === step ? 'step' : undefined}
              data-current={each === step || undefined}
            >
              <Group gap="xs" wrap="nowrap">
                <ThemeIcon
                  size={28}
                  radius="xl"
                  {...(done[each] ? { color: 'green' } : {})}
                  variant={each === step ? 'filled' : 'light'}
                >
                  {done[each] ? <IconCheck size={16} aria-label={t('setup.done')} /> : position + 1}
                </ThemeIcon>
                <Text size="sm" fw={each === step ? 600 : 400}>
                  {t(`setup.${each}`)}
                </Text>
              </Group>
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </nav>
  )
}
