import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useDraft, useDraftText, useReplaceDraft } from '../api/configuration.ts'
import { ConfigurationTabs } from '../configuration/configuration-tabs.tsx'
import { Problems } from '../configuration/problems.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { FileButton } from '../parts/file-button.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'

/** The draft as it is written, for whoever prefers that to forms; and files taken over as one. */
export function YamlPage() {
  const { t } = useLocale()
  const { data, error } = useDraftText()
  useLiveSelection('none')
  return (
    <>
      <ConfigurationTabs current="yaml" />
      <PageTitle title={t('conf.tab.yaml')} />
      {error ? <Trouble error={error} /> : null}
      {data ? <Editor text={data.text} revision={data.revision} /> : <Skeleton h={400} />}
    </>
  )
}

function Editor({ text, revision }: { readonly text: string; readonly revision: number }) {
  const { t, n } = useLocale()
  const replace = useReplaceDraft()
  const { data } = useDraft()
  // Against which revision the text was changed: another window may have changed the draft since.
  const [changed, setChanged] = useState<{ readonly text: string; readonly revision: number }>()
  const problems = data?.draft?.problems ?? []
  return (
    <Stack>
      <Text size="sm">{t('conf.yamlIntro')}</Text>
      {problems.length > 0 ? (
        <Alert color="red" title={n('conf.problems', problems.length)}>
          <Problems problems={problems} />
        </Alert>
      ) : null}
      <Textarea
        label={t('conf.yamlLabel')}
        autosize
        minRows={16}
        maxRows={40}
        spellCheck={false}
        value={changed?.text ?? text}
        onChange={(event) => setChanged({ text: event.currentTarget.value, revision: changed?.revision ?? revision })}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13, whiteSpace: 'pre' } }}
      />
      {replace.error ? <Trouble error={replace.error} /> : null}
      <Group>
        <Button
          disabled={!changed}
          loading={replace.isPending}
          onClick={() => changed && replace.mutate(changed, { onSuccess: () => setChanged(undefined) })}
        >
          {t('conf.save')}
        </Button>
        {changed ? (
          <Button variant="default" onClick={() => setChanged(undefined)}>
            {t('conf.undo')}
          </Button>
        ) : null}
        <FileButton accept=".yaml,.yml,application/yaml" onText={(given) => replace.mutate({ text: given })}>
          {t('conf.importYaml')}
        </FileButton>
        <Anchor href="/api/v1/configuration.yaml" download size="sm">
          {t('conf.exportYaml')}
        </Anchor>
      </Group>
    </Stack>
  )
}
