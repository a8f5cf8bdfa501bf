import { Alert, Group, List, Text, ThemeIcon } from '@mantine/core'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import type { TestReportAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'

const shapes = {
  good: { Icon: IconCheck, color: 'green' },
  bad: { Icon: IconX, color: 'red' },
  aside: { Icon: IconMinus, color: 'gray' },
} as const

const outcomeOf = (ok: boolean | null) => (ok === null ? 'aside' : ok ? 'good' : 'bad')

/** How far a test came, step by step. */
export function TestReport({ report }: { readonly report: TestReportAnswer }) {
  const locale = useLocale()
  const { t } = locale
  return (
    <Alert
      color={report.ok ? 'green' : 'red'}
      variant="light"
      title={t(report.ok ? 'setup.testGood' : 'setup.testBad')}
      role="status"
    >
      <List listStyleType="none" spacing={6} size="sm">
        {report.steps.map(({ step, ok, text, ms }) => {
          const { Icon, color } = shapes[outcomeOf(ok)]
          return (
            <List.Item
              key={`${step} ${text}`}
              icon={
                <ThemeIcon size={20} radius="xl" color={color} variant="light">
                  <Icon size={14} aria-label={t(`setup.outcome.${outcomeOf(ok)}`)} />
                </ThemeIcon>
              }
            >
              <Group gap={6} align="baseline">
                <Text span size="sm" fw={600}>
                  {t(`setup.step.${step}`)}
                </Text>
                <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
                  {text}
                </Text>
                {ms === undefined ? null : (
                  <Text span size="xs" className="quiet numeric">
                    {locale.milliseconds(ms)}
                  </Text>
                )}
              </Group>
            </List.Item>
          )
        })}
      </List>
    </Alert>
  )
}
