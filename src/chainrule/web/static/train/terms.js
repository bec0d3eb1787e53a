// The field's own writing of what settings are typed with: ReLU for relu.

const TERMS = {
  relu: "ReLU",
  sigmoid: "Sigmoid",
  tanh: "tanh",
  leaky_relu: "LeakyReLU",
  elu: "ELU",
  gelu: "GELU",
  softplus: "Softplus",
  silu: "SiLU",
  sgd: "SGD",
  momentum: "Momentum",
  nesterov: "Nesterov",
  adagrad: "AdaGrad",
  rmsprop: "RMSprop",
  adam: "Adam",
  adamw: "AdamW",
  he: "He",
  xavier: "Xavier",
};

/** @param {string} word */
export const termOf = (word) => TERMS[word] ?? word;

/** Words as the options of a list. @param {string[]} words */
export const withTerms = (words) => words.map((word) => ({ value: word, label: termOf(word) }));
