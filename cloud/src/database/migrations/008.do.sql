-- How the engine read the prompts, in its worker's words: their end was cut off, and words that the model was not made for.
ALTER TABLE cloud.job ADD COLUMN prompt_cut boolean;
ALTER TABLE cloud.job ADD COLUMN unknown_words text[];
