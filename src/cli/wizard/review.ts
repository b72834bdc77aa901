import { padded } from "../reporter/cells.ts";
import type { Answers, Interview, Said } from "./interview.ts";
import { type Asker, type ChoiceAsking, WentBack } from "./question.ts";
import { titleWidth } from "./summary.ts";

/** None of the questions is called so. */
const GO = "go";

const asking = ({ said, url }: Answers): ChoiceAsking => ({
  message: "Is all as you want it?",
  help: "Nothing is changed before you have seen the plan and said yes.",
  initial: GO,
  forms: 1,
  canGoBack: true,
  live: () => url,
  choices: [
    ...said.map(({ id, title, answer }) => ({
      id,
      title: `${padded(title, titleWidth(said))} ${answer}`,
      hint: "Enter asks for it once more.",
    })),
    { id: GO, title: "Yes, show what would change", hint: "An answer that is chosen above is asked for once more." },
  ],
});

/** The question that somebody wants to answer otherwise; undefined: none. */
const wanted = async (answers: Answers, asker: Asker): Promise<string | undefined> => {
  try {
    const { id } = await asker.choice(asking(answers));
    return id === GO ? undefined : id;
  } catch (error) {
    const last: Said | undefined = answers.said.at(-1);
    if (error instanceof WentBack && last) return last.id;
    throw error;
  }
};

/** Shows all answers until nobody wants another one. `asked`: asks at the terminal. Rejects with Interrupted. */
export const reviewed = async (
  first: Answers,
  interview: Pick<Interview, "again">,
  asked: <T>(ask: (asker: Asker) => Promise<T>) => Promise<T>,
): Promise<Answers> => {
  let answers = first;
  for (;;) {
    const question = await asked((asker) => wanted(answers, asker));
    if (question === undefined) return answers;
    answers = await asked((asker) => interview.again(question, asker));
  }
};
