package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Runs every case of the case files; see {@code docs/tokenizer.md} for the files and for where spaCy's versions differ. */
class CaseFilesTest {

    private static final TextPipeline SPLIT_AT_SPACES =
            TextPipeline.rulesAround(text -> Arrays.asList(text.split(" ", -1)));

    /** Counts cases, remembers the first few that fail. */
    private static final class Tally {
        private int total;
        private int passed;
        private final List<String> failures = new ArrayList<>();

        void check(String what, Object got, Object wanted) {
            total++;
            if (got.equals(wanted)) {
                passed++;
            } else if (failures.size() < 5) {
                failures.add(what + "\n  wanted " + wanted + "\n  got    " + got);
            }
        }

        void assertAllPassed() {
            assertThat(failures).isEmpty();
            assertThat(total).isPositive();
            assertThat(passed).isEqualTo(total);
        }
    }

    @Test
    void everyRuleGivesWhatFastaiGives() throws IOException {
        Tally tally = new Tally();
        for (JsonNode row : Cases.rows("fastai_rules")) {
            String rule = row.get("rule").asString();
            JsonNode in = row.get("in");
            JsonNode out = row.get("out");
            String what = rule + " of " + in;
            switch (rule) {
                case "fix_html" -> tally.check(what, TextRules.fixHtml(in.asString()), out.asString());
                case "replace_rep" -> tally.check(what, TextRules.replaceRep(in.asString()), out.asString());
                case "replace_wrep" -> tally.check(what, TextRules.replaceWrep(in.asString()), out.asString());
                case "spec_add_spaces" -> tally.check(what, TextRules.specAddSpaces(in.asString()), out.asString());
                case "rm_useless_spaces" -> tally.check(what, TextRules.rmUselessSpaces(in.asString()), out.asString());
                case "replace_all_caps" ->
                    tally.check(what, TextRules.replaceAllCaps(Cases.strings(in)), Cases.strings(out));
                case "deal_caps" -> tally.check(what, TextRules.dealCaps(Cases.strings(in)), Cases.strings(out));
                case "Tokenizer(BaseTokenizer)" ->
                    tally.check(what, SPLIT_AT_SPACES.tokenize(in.asString()), Cases.strings(out));
                case "Tokenizer(BaseTokenizer)[:6]" -> {
                    List<String> tokens = SPLIT_AT_SPACES.tokenize(in.asString());
                    tally.check(what, tokens.subList(0, 6), Cases.strings(out));
                }
                default -> {
                    assertThat(rule).startsWith("Vocab.create(max_vocab=20,min_freq=2).");
                    checkVocab(tally, in, out);
                }
            }
        }
        tally.assertAllPassed();
    }

    private static void checkVocab(Tally tally, JsonNode in, JsonNode out) {
        TokenCounts counts = new TokenCounts();
        in.get("tokens").forEach(document -> counts.addAll(Cases.strings(document)));
        Vocab vocab = Vocab.create(counts, 20, 2);
        if (in.has("numericalize")) {
            int[] ids = vocab.numericalize(Cases.strings(in.get("numericalize")));
            tally.check("numericalize", Arrays.toString(ids), Arrays.toString(ints(out)));
        } else if (out.asString().equals("IndexError")) {
            assertThatThrownBy(() -> vocab.textify(ints(in.get("textify"))))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            tally.check("textify", true, true);
        } else {
            tally.check("textify", vocab.textify(ints(in.get("textify"))), out.asString());
        }
    }

    private static int[] ints(JsonNode array) {
        int[] ints = new int[array.size()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = array.get(i).asInt();
        }
        return ints;
    }

    @Test
    void englishIsCutAsSpacyCutsIt() throws IOException {
        Tally tally = new Tally();
        Tokenizer tokenizer = new EnglishTokenizer(List.of());
        for (JsonNode row : Cases.rows("spacy_en_tokenizer")) {
            String text = row.get("text").asString();
            tally.check(row.get("id") + " " + text, tokenizer.tokenize(text), Cases.expected(row));
        }
        tally.assertAllPassed();
    }

    @Test
    void specialCasesAreLeftWhole() throws IOException {
        Tally tally = new Tally();
        for (JsonNode row : Cases.rows("spacy_en_special_cases")) {
            Tokenizer tokenizer = new EnglishTokenizer(Cases.strings(row.get("special_cases")));
            String text = row.get("text").asString();
            tally.check(text, tokenizer.tokenize(text), Cases.expected(row));
        }
        tally.assertAllPassed();
    }

    @Test
    void wholeReviewsGiveTheSameTokensAsTheWholePipelineOfFastai() throws IOException {
        Tally tally = new Tally();
        TextPipeline pipeline = TextPipeline.fastai();
        for (JsonNode row : Cases.rows("fastai_pipeline_imdb")) {
            String raw = row.get("raw").asString();
            String source = row.get("source").asString();
            tally.check(
                    source,
                    TextRules.pre("xxbos " + raw),
                    row.get("pre_rules_out").asString());
            tally.check(source, pipeline.tokenize(raw), Cases.expected(row));
        }
        tally.assertAllPassed();
    }

    /** Needs the rows beside the cases and the reviews in the folder that {@code imdb.dir} names. */
    @Test
    void reviewsGiveWhatNotebooksPrinted() throws IOException {
        Path beside = Cases.dir().resolve("fastai_notebook_rows.jsonl");
        Path rows = Files.exists(beside) ? beside : Cases.dir().resolve("../golden/fastai_notebook_rows.jsonl");
        String imdb = System.getProperty("imdb.dir", "");
        assumeTrue(
                Files.exists(rows) && !imdb.isBlank(),
                "no notebook rows, or no reviews: set tokenizer.dir and imdb.dir");
        Tally tally = new Tally();
        TextPipeline pipeline = TextPipeline.fastai();
        for (JsonNode row : Cases.read(rows)) {
            if (!row.get("reproduced_by").get("2.0.18").asBoolean()) {
                continue;
            }
            String review =
                    Files.readString(Path.of(imdb).resolve(row.get("source").asString()));
            List<String> expected = Cases.strings(row.get("expected"));
            List<String> printed = printed(pipeline.tokenize(review));
            int start = row.get("start").asInt();
            List<String> got =
                    new ArrayList<>(printed.subList(start, Math.min(start + expected.size(), printed.size())));
            for (int i = 0; i < got.size(); i++) {
                // The vocabulary of that run lacked the token.
                if (expected.get(i).equals("xxunk")) {
                    got.set(i, "xxunk");
                }
            }
            tally.check(row.get("source").asString(), got, expected);
        }
        tally.assertAllPassed();
    }

    /** A notebook shows no whitespace tokens, and the rows were read back without C1 controls and soft hyphens. */
    private static List<String> printed(List<String> tokens) {
        List<String> printed = new ArrayList<>();
        for (String token : tokens) {
            String visible = token.replaceAll("[\u0080-\u009F\u00AD]", "");
            if (!visible.isBlank()) {
                printed.add(visible);
            }
        }
        return printed;
    }
}
