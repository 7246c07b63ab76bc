/// The proleptic Gregorian calendar, in days since 1970-01-01.
///
/// Years are counted from March, so that the day which some years have more is the last.
enum Calendar {
  /// A date.
  struct Date: Equatable {
    let year: Int
    /// From 1 to 12.
    let month: Int
    /// From 1 to 31.
    let day: Int
  }

  /// The day of a date.
  static func day(of date: Date) -> Int {
    let year = date.month > 2 ? date.year : date.year - 1
    let monthFromMarch = (date.month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + date.day - 1
    return year * 365 + floor(year, 4) - floor(year, 100) + floor(year, 400) + dayOfYear - 719_468
  }

  /// The date of a day, by cycles of 400 years; the inverse of `day(of:)`.
  static func date(of day: Int) -> Date {
    let shifted = day + 719_468
    let era = floor(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return Date(
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  /// A quotient rounded down, below zero too.
  static func floor(_ number: Int, _ divisor: Int) -> Int {
    number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
  }
}
