import { Button, Group, Stack, Text } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { type Testing, useConnectionTest } from '../api/setup.ts'
import type { TestReportAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { TestReport } from './test-report.tsx'

interface TestConnectionProps extends Testing {
  readonly disabled?: boolean
  readonly onDone?: (report: TestReportAnswer) => void
}

/** Tries the source as its form describes it; the plant does not notice. */
export function TestConnection({ source, apiKey, disabled = false, onDone }: TestConnectionProps) {
  const { t } = useLocale()
  const test = useConnectionTest()
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={16} />}
          loading={test.isPending}
          disabled={disabled}
          onClick={() => test.mutate({ source, apiKey }, { onSuccess: (report) => onDone?.(report) })}
        >
          {t('setup.test')}
        </Button>
        <Text size="sm" className="quiet" style={{ flex: '1 1 240px' }}>
          {t('setup.testHint')}
        </Text>
      </Group>
      {test.error ? <Trouble error={test.error} /> : null}
      {test.data ? <TestReport report={test.data} /> : null}
    </Stack>
  )
}
