// Prints the questions of a GIFT file as [{stem, options, key}], read with gift-pegjs.
import { readFileSync } from "node:fs";
import gift from "gift-pegjs";

const right = (choice) => choice.isCorrect || choice.weight > 0;

function questions(question) {
  const stem = question.stem?.text;
  switch (question.type) {
    case "TF":
      return [{ stem, options: ["正确", "错误"], key: [question.isTrue ? 0 : 1] }];
    case "MC": {
      const options = question.choices.map((choice) => choice.text.text);
      const key = question.choices.flatMap((choice, place) => (right(choice) ? [place] : []));
      return [{ stem, options, key }];
    }
    case "Matching": {
      const options = [...new Set(question.matchPairs.map((pair) => pair.subanswer))];
      return question.matchPairs
        .filter((pair) => pair.subquestion.text !== "")
        .map(({ subquestion, subanswer }) => ({
          stem: [stem, subquestion.text].filter(Boolean).join("\n"),
          options,
          key: [options.indexOf(subanswer)],
        }));
    }
    default:
      return [];
  }
}

const parsed = gift.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(parsed.flatMap(questions), null, 1));
