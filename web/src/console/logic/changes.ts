import type { Change } from '../api/types';
import { coded, t } from '../texts';

/** Changes of a unit as rows of a comparison, named by field, place and item. */
export function changeRows(changes: readonly Change[]): { name: string; before: string; after: string }[] {
  return changes.map((change) => {
    const field = coded('change', change.field, 'change.other', { field: change.field });
    const place = change.place === null ? field : t('change.placed', { field, place: change.place });
    return {
      name: change.item === null ? place : t('change.of_item', { item: change.item, field: place }),
      before: change.before ?? '',
      after: change.after ?? '',
    };
  });
}
