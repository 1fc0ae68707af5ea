/** Corrections of a file's cells: those that were looked at, and those that are only typed so far. */
import { computed, ref } from 'vue';
import { fit, nameOfCell, withMend, written, type Mend } from './mends';
import type { FileProblem } from './problems';

export function useMends() {
  const mends = ref<Mend[]>([]);
  /** By cell; against what the last look showed there. */
  const typed = ref<Record<string, Mend>>({});
  const together = computed(() => Object.values(typed.value).reduce(withMend, mends.value));

  function type(problem: FileProblem, text: string) {
    const { sheet, row, column, cell: was } = problem;
    if (row === null || column === null || was === null) return;
    const { [nameOfCell(problem)]: _, ...others } = typed.value;
    typed.value = text === was ? others : { ...others, [nameOfCell(problem)]: { sheet, row, column, was, text } };
  }

  const isTyped = (problem: FileProblem) => nameOfCell(problem) in typed.value;
  return {
    mends,
    type,
    isTyped,
    textOf: (problem: FileProblem) => typed.value[nameOfCell(problem)]?.text ?? problem.cell ?? '',
    /** How many cells are typed and not looked at. */
    waiting: computed(() => Object.keys(typed.value).length),
    tooMany: computed(() => !fit(together.value)),
    /** What goes along with the file. */
    sent: () => written(together.value),
    /** The server has looked at all of them. */
    settle() {
      mends.value = together.value;
      typed.value = {};
    },
    takeBack(mend: Mend) {
      mends.value = mends.value.filter((one) => one !== mend);
    },
    clear() {
      mends.value = [];
      typed.value = {};
    },
  };
}

export type Mending = ReturnType<typeof useMends>;
