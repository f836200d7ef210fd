import type { PageTexts } from '../../page-texts.ts';

/** Dutch. */
export const nl: PageTexts = {
  pages: {
    login_invalid: {
      title: 'Deze aanmelding kon niet worden gelezen',
      message: 'Het ontvangen antwoord was niet volledig. Meld u opnieuw aan.',
    },
    login_not_found: {
      title: 'Deze aanmelding staat niet meer open',
      message:
        'Ze is al afgerond, of deze browser heeft ze niet bewaard: misschien is ze in een andere browser begonnen of worden cookies geblokkeerd. Meld u opnieuw aan.',
    },
    login_not_brought: {
      title: 'Deze aanmelding staat niet meer open',
      message:
        'Deze browser heeft er niets van meegestuurd. Waarschijnlijk is ze op een ander adres van deze site begonnen: begin op {homeUrl}. Misschien is ze ook al afgerond of worden cookies geblokkeerd.',
    },
    login_expired: {
      title: 'Deze aanmelding heeft te lang geduurd',
      message: 'Voor uw veiligheid is ze beëindigd. Meld u opnieuw aan.',
    },
    login_insufficient: {
      title: 'Hier is meer nodig',
      message: 'Voor deze pagina is een sterkere of recentere aanmelding nodig dan de uwe.',
    },
    login_unprovable: {
      title: 'Hier is meer nodig',
      message:
        'Voor deze pagina is een sterkere of recentere aanmelding nodig, en uw account biedt die niet. Opnieuw aanmelden op dezelfde manier verandert daar niets aan.',
    },
    login_denied: {
      title: 'U bent niet aangemeld',
      message: 'De aanmelding is geannuleerd of geweigerd.',
    },
    login_refused: {
      title: 'U bent niet aangemeld',
      message: 'Dit account kan hier niet worden gebruikt.',
    },
    login_ended: {
      title: 'U bent afgemeld',
      message: 'Tijdens het aanmelden kwam er een afmelding binnen. Meld u opnieuw aan.',
    },
    login_limited: {
      title: 'U bent elders aangemeld',
      message:
        'U hebt al zoveel sessies als hier zijn toegestaan. Meld u af op een ander apparaat en meld u daarna opnieuw aan.',
    },
    provider_unavailable: {
      title: 'Aanmelden is niet mogelijk',
      message: 'De aanmelddienst antwoordt niet. Probeer het binnenkort opnieuw.',
    },
    provider_invalid_response: {
      title: 'U bent niet aangemeld',
      message: 'Het antwoord van de aanmelddienst is niet te vertrouwen.',
    },
    provider_refused: {
      title: 'U bent niet aangemeld',
      message: 'De aanmelddienst heeft geweigerd deze aanmelding af te ronden.',
    },
    store_unavailable: {
      title: 'Probeer het binnenkort opnieuw',
      message: 'Uw sessie is op dit moment niet bereikbaar.',
    },
    login_required: {
      title: 'Meld u aan',
      message: 'Deze pagina is alleen voor wie is aangemeld.',
    },
    access_denied: {
      title: 'U hebt hier geen toegang',
      message: 'Uw account heeft niet wat hier nodig is.',
    },
    cross_origin_request: {
      title: 'Dit is niet uitgevoerd',
      message:
        'Het verzoek kwam van een andere website en is voor uw veiligheid geweigerd. Als u dit zelf wilde doen, open dan de pagina hier en doe het daar.',
    },
    unexpected: {
      title: 'Er is iets misgegaan',
      message: 'Dit kon niet worden uitgevoerd. Probeer het later opnieuw.',
    },
    form_not_kept: {
      title: 'Meld u opnieuw aan',
      message:
        'Uw sessie is beëindigd, of hier is een recentere aanmelding nodig: wat u hebt verzonden, is niet opgeslagen. Meld u aan, ga daarna terug naar de pagina, laad die opnieuw en verzend het nog een keer.',
    },
    form_kept: {
      title: 'Meld u opnieuw aan',
      message:
        'Uw sessie is beëindigd, of hier is een recentere aanmelding nodig. Wat u hebt verzonden, wordt een half uur bewaard: meld u aan en u wordt gevraagd of het moet worden verzonden.',
    },
    form_to_send: {
      title: 'Nu verzenden?',
      message:
        'Wat u vóór het aanmelden naar {action} hebt verzonden, is bewaard en wordt alleen met deze knop verzonden. Deze pagina biedt het een half uur aan, ook nadat u het hebt verzonden: verzend het één keer.',
    },
    form_gone: {
      title: 'Hier is niets bewaard',
      message:
        'Wat u hebt verzonden, is een half uur bewaard. Ga terug naar de pagina en verzend het opnieuw.',
    },
    form_of_another: {
      title: 'U kunt dit niet verzenden',
      message:
        'Wat hier is bewaard, hoort bij een ander account en is niet verzonden. Meld u aan met het account waarmee het is geschreven om het te verzenden.',
    },
    choose: {
      title: 'Aanmelden',
      message: 'Kies waar u uw account hebt.',
    },
    login_done: {
      title: 'U bent aangemeld',
      message: 'U kunt dit venster sluiten.',
    },
    signed_in: {
      title: 'U bent aangemeld',
      message: 'U hebt hier een sessie, en die loopt door.',
    },
    signed_out: {
      title: 'U bent afgemeld',
      message: 'Uw sessie hier is beëindigd.',
    },
    signed_out_here: {
      title: 'U bent hier afgemeld',
      message: 'De aanmelddienst was niet bereikbaar: mogelijk bent u daar nog aangemeld.',
    },
    signing_out: {
      title: 'Bezig met afmelden',
      message: 'U bent hier afgemeld. Nog één stap beëindigt uw sessie bij de aanmelddienst.',
    },
    sign_out: {
      title: 'Afmelden?',
      message: 'Hiermee eindigt uw sessie hier.',
    },
    frame_signed_out: {
      title: 'Afgemeld',
      message: 'De sessie hier is beëindigd, als er een was.',
    },
  },
  labels: {
    home: 'Startpagina',
    signIn: 'Aanmelden',
    signInAgain: 'Opnieuw aanmelden',
    useAnotherAccount: 'Een ander account gebruiken',
    signOut: 'Afmelden',
    signOutOfService: 'Afmelden bij de aanmelddienst',
    staySignedIn: 'Aangemeld blijven',
    continue: 'Doorgaan',
    tryAgain: 'Opnieuw proberen',
    sendIt: 'Verzenden',
    doNotSendIt: 'Niet verzenden',
    reference: 'Als u om hulp vraagt, vermeld dan deze referentie: {reference}',
    missing: 'Er ontbreekt: {list}.',
    missingRole: 'de rol {names}',
    missingRoles: 'een van de rollen {names}',
    missingScopes: 'de machtiging {names}',
    missingClaims: '{names} in uw account',
    missingMethod: 'een aanmelding met {names}',
  },
};
