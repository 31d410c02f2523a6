import { compareAsc } from "date-fns";

export function apply(input: number[]): number[] {
  return input.sort((one, other) => compareAsc(new Date(one), new Date(other)));
}
