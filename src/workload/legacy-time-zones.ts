/**
 * Old names of time zones that Debian has in the package tzdata-legacy since trixie (2026f-0+deb13u1), in small letters, but for those that
 * the server reads as POSIX rules where there is no file (`EST5EDT`). The official image installs tzdata alone.
 */
const names = new Set(
  (
    'africa/asmera america/argentina/comodrivadavia america/buenos_aires america/catamarca america/cordoba ' +
    'america/fort_wayne america/godthab america/indianapolis america/jujuy america/knox_in america/louisville ' +
    'america/mendoza america/rosario antarctica/south_pole asia/ashkhabad asia/calcutta asia/choibalsan ' +
    'asia/chungking asia/dacca asia/katmandu asia/macao asia/rangoon asia/saigon asia/thimbu asia/ujung_pandang ' +
    'asia/ulan_bator atlantic/faeroe australia/act australia/lhi australia/nsw australia/north australia/queensland ' +
    'australia/south australia/tasmania australia/victoria australia/west brazil/acre brazil/denoronha brazil/east ' +
    'brazil/west cet canada/atlantic canada/central canada/eastern canada/mountain canada/newfoundland ' +
    'canada/pacific canada/saskatchewan canada/yukon chile/continental chile/easterisland cuba eet est egypt eire ' +
    'europe/kiev europe/uzhgorod europe/zaporozhye gb gb-eire greenwich hst hongkong iceland iran israel jamaica ' +
    'japan kwajalein libya met mst mexico/bajanorte mexico/bajasur mexico/general nz nz-chat navajo prc ' +
    'pacific/enderbury pacific/ponape pacific/truk poland portugal roc rok singapore turkey uct us/alaska ' +
    'us/aleutian us/arizona us/central us/east-indiana us/eastern us/hawaii us/indiana-starke us/michigan ' +
    'us/mountain us/pacific us/samoa universal w-su wet zulu'
  ).split(' '),
);

/** In any case of its letters, as the server looks for the file. */
export function isLegacyTimeZone(name: string): boolean {
  return names.has(name.toLowerCase());
}
