package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StreamReaderTest {

    private static final Tokens TEN = Tokens.of(IntStream.range(0, 10).toArray());

    @Test
    void windowsOfAnyLengthFollowEachOther() {
        StreamReader reader = new StreamReader(TEN, 2, 3, false);
        assertThat(reader.remaining()).isEqualTo(4);
        Batch first = reader.next(1);
        assertThat(first.steps()).isEqualTo(1);
        assertThat(first.inputs()).startsWith(0, 5);
        assertThat(first.targets()).startsWith(1, 6);
        Batch second = reader.next(3);
        assertThat(second.inputs()).startsWith(1, 6, 2, 7, 3, 8);
        assertThat(second.targets()).startsWith(2, 7, 3, 8, 4, 9);
        assertThat(reader.remaining()).isZero();
        assertThatThrownBy(() -> reader.next(1)).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void backwardsIsTheMirror() {
        StreamReader reader = new StreamReader(TEN, 2, 3, true);
        assertThat(reader.next(2).inputs()).startsWith(9, 4, 8, 3);
    }

    @Test
    void aTextWithoutAPredictionHasNothingLeft() {
        assertThat(new StreamReader(Tokens.of(1, 2), 2, 3, false).remaining()).isZero();
        assertThat(new StreamReader(Tokens.of(1), 2, 3, false).remaining()).isZero();
    }
}
