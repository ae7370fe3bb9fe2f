package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class NgramBaselineTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void perplexitiesOfATextSmallEnoughToCountByHand() {
        // a b a b a c: counts a 3, b 2, c 1; pairs ab 2, ba 2, ac 1; three types of pairs.
        NgramBaseline baseline = new NgramBaseline(Tokens.of(0, 1, 0, 1, 0, 2), 4);
        Tokens text = Tokens.of(0, 1, 0, 2);
        double unigram = Math.exp(-(Math.log(2 / 6.0) + Math.log(3 / 6.0) + Math.log(1 / 6.0)) / 3);
        assertThat(baseline.unigramPerplexity(text)).isCloseTo(unigram, within(1e-12));
        double ab = (2 - 0.75) / 3 + 0.75 * 2 / 3 * (1 / 3.0);
        double ba = (2 - 0.75) / 2 + 0.75 / 2 * (1 / 3.0);
        double ac = (1 - 0.75) / 3 + 0.75 * 2 / 3 * (1 / 3.0);
        double bigram = Math.exp(-(Math.log(ab) + Math.log(ba) + Math.log(ac)) / 3);
        assertThat(baseline.bigramPerplexity(text)).isCloseTo(bigram, within(1e-12));
    }

    @Test
    void bigramProbabilitiesOfSeenWordsAddUpToOne() {
        int vocabulary = 30;
        int[] ids = seeds.ids(400, vocabulary);
        for (int i = 0; i < vocabulary; i++) {
            ids[i + 1] = i;
        }
        NgramBaseline baseline = new NgramBaseline(Tokens.of(ids), vocabulary);
        for (int before = 0; before < vocabulary; before++) {
            double sum = 0;
            for (int token = 0; token < vocabulary; token++) {
                double probability = baseline.bigramProbability(before, token);
                assertThat(probability).isPositive();
                sum += probability;
            }
            assertThat(sum).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void wordsAndContextsThatTheTrainingTextLacksHaveAProbability() {
        NgramBaseline baseline = new NgramBaseline(Tokens.of(0, 1, 0, 1), 5);
        assertThat(baseline.bigramProbability(4, 0)).isBetween(1e-3, 1.0);
        assertThat(baseline.bigramProbability(0, 4)).isBetween(1e-3, 1.0);
        assertThat(baseline.unigramPerplexity(Tokens.of(3, 4, 2))).isCloseTo(4, within(1e-12));
        assertThat(baseline.bigramPerplexity(Tokens.of(3, 4, 2))).isFinite();
    }

    @Test
    void textsInManyDocumentsAndLongerThanOneSliceAreOneStream() {
        int[] ids = seeds.ids(50_000, 20);
        Tokens whole = Tokens.of(ids);
        Tokens parts = Tokens.of(List.of(
                java.util.Arrays.copyOf(ids, 20_000), new int[0], java.util.Arrays.copyOfRange(ids, 20_000, 50_000)));
        NgramBaseline first = new NgramBaseline(whole, 20);
        NgramBaseline second = new NgramBaseline(parts, 20);
        assertThat(first.bigramPerplexity(parts)).isEqualTo(second.bigramPerplexity(whole));
        assertThat(first.unigramPerplexity(whole)).isBetween(19.0, 20.5);
    }
}
