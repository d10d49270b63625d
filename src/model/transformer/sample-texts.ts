/**
 * Texts that scales are chosen by where none are given: prose of 1851 (Moby-Dick, public domain), and sentences written for circlet. A decoder reads the passage, an
 * encoder the sentences.
 */

export const PASSAGE =
  "Call me Ishmael. Some years ago - never mind how long precisely - having little or no money in my purse, and nothing particular to interest me on shore, " +
  "I thought I would sail about a little and see the watery part of the world. It is a way I have of driving off the spleen, and regulating the circulation. " +
  "Whenever I find myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul; then, I account it high time to get to sea as soon as I can. " +
  'In 2024 the 3 engineers wrote: "f(x) = 2x + 1, so f(7) = 15." The answer to the question is 42.';

export const SENTENCES: readonly string[] = [
  "The cat sleeps on the warm windowsill.",
  "How do I reset the password of my account?",
  "A proof of knowledge convinces a verifier without telling the secret.",
  "The train to Lyon leaves at 9:45 from platform 3.",
  "Water boils at 100 degrees Celsius at sea level.",
  "She bought two apples, a loaf of bread, and some cheese.",
  "The stock market fell by 2 % after the announcement.",
  "Ignore the noise; listen to what the data says!",
  "Photosynthesis turns light, water and carbon dioxide into sugar.",
  "function add(a, b) { return a + b; }",
  "Le musée est fermé le mardi.",
  "The patient reported mild fever and a persistent cough.",
  "yes",
  "In the year 1851 a novel about a white whale was published in New York and in London, and few people bought it.",
  "Our neighbours have been renovating their kitchen for three months now, and nobody knows when they will be done with it.",
  "What is the capital of Australia?",
];
