package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodeTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "xxbos xxmaj hello world | xxbos Hello world",
                "the xxup usa and xxmaj rome | the USA and Rome",
                "wow xxrep 4 ! then more | wow !!!! then more",
                "xxwrep 3 no way | no no no way",
                "xxmaj xxwrep 2 no | No No",
                "xxup xxrep 4 a b | AAAA b",
                "xxmaj état | État",
                // What a model may write where it makes no sense.
                "xxrep the end | the end",
                "xxrep 999999999 x | 999999999 x",
                "xxrep 201 x | 201 x",
                "so xxrep 4 | so 4",
                "so xxmaj | so",
                "xxrep 0 x | 0 x",
            })
    void markersCountForTheNextTokenAlone(String tokens, String text) {
        assertThat(Decode.text(List.of(tokens.split(" ", -1)))).isEqualTo(text);
    }

    @Test
    void aDocumentIsReadWithoutTheMarkOfItsBeginning() {
        assertThat(Decode.document(List.of("xxbos", "xxmaj", "hello", "xxbos"))).isEqualTo("Hello xxbos");
        assertThat(Decode.document(List.of("xxmaj", "hello"))).isEqualTo("Hello");
        assertThat(Decode.document(List.of("xxbos"))).isEmpty();
        assertThat(Decode.document(List.of())).isEmpty();
    }
}
