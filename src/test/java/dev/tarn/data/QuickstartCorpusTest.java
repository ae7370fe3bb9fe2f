package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.Seeds;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class QuickstartCorpusTest {

    private static final List<String> NUMBERS =
            List.of("two", "three", "four", "five", "six", "seven", "eight", "nine");

    private static final Set<String> IRREGULAR = Set.of("geese", "deer", "trout", "children", "fishermen", "herdsmen");

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private List<String> stories(int count) {
        return QuickstartCorpus.generate(seeds.seed(), count, 0).training();
    }

    @Test
    void aStoryFollowsFromSeedAndPlaceAlone() {
        long seed = seeds.seed();
        QuickstartCorpus corpus = QuickstartCorpus.generate(seed, 20, 5);
        QuickstartCorpus longer = QuickstartCorpus.generate(seed, 25, 0);
        List<String> all = new ArrayList<>(corpus.training());
        all.addAll(corpus.validation());
        assertThat(longer.training()).isEqualTo(all).doesNotHaveDuplicates();
        assertThat(QuickstartCorpus.generate(seed + 1, 25, 0).training()).doesNotContainAnyElementsOf(all);
    }

    @Test
    void quotesAndBracketsCloseAndSentencesBeginWithCapitals() {
        for (String story : stories(300)) {
            assertThat(story.chars().filter(c -> c == '"').count() % 2).isZero();
            assertThat(story.chars().filter(c -> c == '(').count())
                    .isEqualTo(story.chars().filter(c -> c == ')').count());
            assertThat(story)
                    .doesNotContain("[")
                    .doesNotContain("  ")
                    .doesNotContain(" ,")
                    .doesNotContain("$");
            assertThat(story).matches("[A-Z].*[.!?]").doesNotContainPattern("\\. [a-z]");
            assertThat(story)
                    .doesNotContainPattern("\\b[Aa] [aeiou]")
                    .doesNotContainPattern("\\b[Aa]n (?!hour)[^aeiou]");
        }
    }

    @Test
    void aVerbAgreesWithItsSubjectWhateverNounStandsNearer() {
        Pattern sentence = Pattern.compile("The (\\w+) near the (\\w+) (was|were) ");
        Map<Boolean, Integer> mixed = new HashMap<>();
        for (String story : stories(1500)) {
            Matcher found = sentence.matcher(story);
            while (found.find()) {
                if (IRREGULAR.contains(found.group(1))) {
                    continue;
                }
                boolean plural = found.group(1).endsWith("s");
                assertThat(found.group(3)).as(found.group()).isEqualTo(plural ? "were" : "was");
                if (plural != found.group(2).endsWith("s")) {
                    mixed.merge(plural, 1, Integer::sum);
                }
            }
        }
        // The nearer noun often has the other number, so that a table of neighbours must fail.
        assertThat(mixed.get(true)).isGreaterThan(20);
        assertThat(mixed.get(false)).isGreaterThan(20);
    }

    @Test
    void whoGivesOneAwayHasOneLess() {
        Pattern kept = Pattern.compile("one of the (\\w+) \\w+ and kept the other (\\w+)\\.");
        int count = 0;
        for (String story : stories(1500)) {
            Matcher found = kept.matcher(story);
            while (found.find()) {
                assertThat(NUMBERS.indexOf(found.group(2))).isEqualTo(NUMBERS.indexOf(found.group(1)) - 1);
                count++;
            }
        }
        assertThat(count).isGreaterThan(50);
    }

    @Test
    void aStoryKeepsToItsSeason() {
        Set<String> seasons = Set.of("spring", "summer", "autumn", "winter");
        for (String story : stories(300)) {
            Set<String> named = new HashSet<>();
            Matcher words = Pattern.compile("in (\\w+)").matcher(story.toLowerCase(java.util.Locale.ROOT));
            while (words.find()) {
                if (seasons.contains(words.group(1))) {
                    named.add(words.group(1));
                }
            }
            assertThat(named).as(story).hasSizeLessThanOrEqualTo(1);
            if (named.contains("summer")) {
                assertThat(story.toLowerCase(java.util.Locale.ROOT))
                        .doesNotContain("snowed")
                        .doesNotContain("goose");
            }
        }
    }

    @Test
    void theUsualCorpusIsOfTheRightSizeAndABigramTableIsFarFromTheGrammar() {
        QuickstartCorpus corpus = QuickstartCorpus.generate(42);
        Map<String, Integer> ids = new HashMap<>();
        Tokens training = tokens(corpus.training(), ids);
        int types = ids.size();
        Tokens validation = tokens(corpus.validation(), ids);
        assertThat(ids).as("no word of the validation part is new").hasSize(types);
        assertThat(types).isBetween(500, 1500);
        assertThat(training.numTokens()).isBetween(150_000L, 250_000L);
        assertThat(validation.numTokens()).isBetween(15_000L, 25_000L);
        assertThat(corpus.training()).doesNotContainAnyElementsOf(corpus.validation());
        NgramBaseline baseline = new NgramBaseline(training, types);
        assertThat(baseline.unigramPerplexity(validation)).isBetween(80.0, 200.0);
        assertThat(baseline.bigramPerplexity(validation)).isBetween(7.0, 12.0);
        assertThat(corpus.grammarPerplexity(validation.numTokens())).isBetween(1.4, 2.0);
    }

    /** Words, punctuation marks, and the marks that the fastai tokenizer puts before documents and capitals. */
    private static Tokens tokens(List<String> stories, Map<String, Integer> ids) {
        Pattern piece = Pattern.compile("\\w+|[^\\w\\s]");
        List<int[]> documents = new ArrayList<>();
        for (String story : stories) {
            List<Integer> document = new ArrayList<>(List.of(id(ids, "xxbos")));
            Matcher pieces = piece.matcher(story);
            while (pieces.find()) {
                if (Character.isUpperCase(pieces.group().charAt(0))) {
                    document.add(id(ids, "xxmaj"));
                }
                document.add(id(ids, pieces.group().toLowerCase(java.util.Locale.ROOT)));
            }
            documents.add(document.stream().mapToInt(Integer::intValue).toArray());
        }
        return Tokens.of(documents);
    }

    private static int id(Map<String, Integer> ids, String word) {
        return ids.computeIfAbsent(word, unseen -> ids.size());
    }

    @Test
    void everySymbolOfTheGrammarIsUsed() throws IOException {
        List<String> lines;
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(QuickstartCorpus.class.getResourceAsStream("quickstart-grammar.txt")),
                StandardCharsets.UTF_8))) {
            lines = reader.lines().toList();
        }
        Set<String> defined = new HashSet<>();
        Set<String> used = new HashSet<>(Set.of("story"));
        for (String line : lines) {
            if (line.startsWith("== ")) {
                defined.add(line.substring(3).split("[ .]", 2)[0]);
            } else if (!line.startsWith("#")) {
                Matcher slots = Pattern.compile("\\[(?:\\w+=)?(\\w+)[:\\]]").matcher(line);
                while (slots.find()) {
                    used.add(slots.group(1));
                }
            }
        }
        assertThat(used).isEqualTo(defined);
        // Any slot that names nothing throws; this many stories meet every alternative.
        assertThat(stories(3000)).hasSize(3000);
    }

    @Test
    void surpriseIsMinusTheLogOfTheProbabilityOfTheChoices() {
        Grammar grammar = new Grammar(List.of(
                "== story",
                "[n=num][a=noun] [$a:n] [be:n] [colour.x]",
                "== num",
                "3| s",
                "1| p",
                "== noun (s p) zipf",
                "oar/oars",
                "elk/elks",
                "== be (s p)",
                "is/are",
                "== colour.x",
                "red",
                "blue"));
        int oars = 0;
        for (int i = 0; i < 400; i++) {
            Grammar.Expansion got = grammar.expand("story", seeds.random()::nextDouble);
            boolean plural = got.text().contains(" are ");
            boolean oar = got.text().startsWith("Oar");
            assertThat(got.text()).matches("(Oar|Elk) is (red|blue)|(Oars|Elks) are (red|blue)");
            assertThat(got.surprise())
                    .isCloseTo(-Math.log((plural ? 0.25 : 0.75) * (oar ? 0.6 : 0.4) * 0.5), within(1e-12));
            oars += oar ? 1 : 0;
        }
        assertThat(oars).isBetween(180, 300);
    }
}
