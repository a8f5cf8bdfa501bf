import { Card, Skeleton } from '@mantine/core'
import { useCommands } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { CommandTable } from '../parts/command-table.tsx'
import { Empty } from '../parts/empty.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { SetupLink } from '../setup/setup-link.tsx'

/** What devices were told, by whomever, and what became of it. */
export function CommandsPage() {
  const { t } = useLocale()
  const { data, error, refetch } = useCommands()
  useLiveSelection('none')
  return (
    <>
      <PageTitle title={t('commands.title')} />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} /> : null}
      {data ? (
        <Card withBorder>
          {data.commands.length === 0 ? (
            <Empty text={t('commands.none')}>
              <SetupLink />
            </Empty>
          ) : (
            <CommandTable commands={data.commands} />
          )}
        </Card>
      ) : null}
    </>
  )
}
