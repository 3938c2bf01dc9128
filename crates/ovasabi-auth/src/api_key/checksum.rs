//! CRC-32: finds typing mistakes before anybody is asked. It protects against nobody who means it.

/// The polynomial of IEEE 802.3, reflected.
const POLYNOMIAL: u32 = 0xEDB8_8320;

const TABLE: [u32; 256] = table();

#[allow(
    clippy::cast_possible_truncation,
    reason = "256 fits, and `try_from` is not const"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ POLYNOMIAL
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

/// The checksum of these bytes.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let next = |crc: u32, byte: &u8| {
        let [low, ..] = crc.to_le_bytes();
        let step = TABLE
            .get(usize::from(low ^ byte))
            .copied()
            .unwrap_or_default();
        (crc >> 8) ^ step
    };
    !bytes.iter().fold(!0, next)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_of_the_catalogue_holds() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}
