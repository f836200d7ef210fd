import type { PageTexts } from '../../page-texts.ts';

/** Norwegian Bokmål. */
export const nb: PageTexts = {
  pages: {
    login_invalid: {
      title: 'Denne innloggingen kunne ikke leses',
      message: 'Svaret som kom, var ikke fullstendig. Vennligst logg inn på nytt.',
    },
    login_not_found: {
      title: 'Denne innloggingen venter ikke lenger',
      message:
        'Den er allerede fullført, eller denne nettleseren tok ikke vare på den: Den kan ha startet i en annen nettleser, eller informasjonskapsler kan være blokkert. Vennligst logg inn på nytt.',
    },
    login_not_brought: {
      title: 'Denne innloggingen venter ikke lenger',
      message:
        'Denne nettleseren sendte ikke noe om den. Mest sannsynlig startet den på en annen adresse for dette nettstedet: Vennligst begynn på {homeUrl}. Den kan også være fullført allerede, eller informasjonskapsler kan være blokkert.',
    },
    login_expired: {
      title: 'Denne innloggingen tok for lang tid',
      message: 'Av sikkerhetshensyn er den avsluttet. Vennligst logg inn på nytt.',
    },
    login_insufficient: {
      title: 'Her kreves det mer',
      message: 'Denne siden krever en sterkere eller nyere innlogging enn den du har.',
    },
    login_unprovable: {
      title: 'Her kreves det mer',
      message:
        'Denne siden krever en sterkere eller nyere innlogging, og kontoen din gir ikke det. Å logge inn på samme måte igjen vil ikke endre dette.',
    },
    login_denied: {
      title: 'Du ble ikke logget inn',
      message: 'Innloggingen ble avbrutt eller avvist.',
    },
    login_refused: {
      title: 'Du ble ikke logget inn',
      message: 'Denne kontoen kan ikke brukes her.',
    },
    login_ended: {
      title: 'Du ble logget ut',
      message: 'Det kom en utlogging mens du logget inn. Vennligst logg inn på nytt.',
    },
    login_limited: {
      title: 'Du er logget inn andre steder',
      message:
        'Du har så mange økter som er tillatt her. Logg ut på en annen enhet, og logg deretter inn på nytt.',
    },
    provider_unavailable: {
      title: 'Innlogging er ikke tilgjengelig',
      message: 'Innloggingstjenesten svarer ikke. Vennligst prøv igjen om litt.',
    },
    provider_invalid_response: {
      title: 'Du ble ikke logget inn',
      message: 'Svaret fra innloggingstjenesten er ikke til å stole på.',
    },
    provider_refused: {
      title: 'Du ble ikke logget inn',
      message: 'Innloggingstjenesten nektet å fullføre denne innloggingen.',
    },
    store_unavailable: {
      title: 'Vennligst prøv igjen om litt',
      message: 'Økten din er ikke tilgjengelig akkurat nå.',
    },
    login_required: {
      title: 'Vennligst logg inn',
      message: 'Denne siden er for dem som er logget inn.',
    },
    access_denied: {
      title: 'Du har ikke tilgang til dette',
      message: 'Kontoen din har ikke det som kreves her.',
    },
    cross_origin_request: {
      title: 'Dette ble ikke utført',
      message:
        'Forespørselen kom fra et annet nettsted og ble avvist av sikkerhetshensyn. Hvis det var du som ville dette, åpner du siden her og gjør det der.',
    },
    unexpected: {
      title: 'Noe gikk galt',
      message: 'Dette kunne ikke utføres. Vennligst prøv igjen senere.',
    },
    form_not_kept: {
      title: 'Vennligst logg inn på nytt',
      message:
        'Økten din er avsluttet, eller dette krever en nyere innlogging: Det du sendte, ble ikke lagret. Logg inn, gå tilbake til siden, last den inn på nytt og send det en gang til.',
    },
    form_kept: {
      title: 'Vennligst logg inn på nytt',
      message:
        'Økten din er avsluttet, eller dette krever en nyere innlogging. Det du sendte, blir tatt vare på i en halv time: Logg inn, så blir du spurt om det skal sendes.',
    },
    form_to_send: {
      title: 'Sende det nå?',
      message:
        'Det du sendte til {action} før du logget inn, er tatt vare på og sendes bare med denne knappen. Denne siden tilbyr det i en halv time, også etter at du har sendt det: Send det bare én gang.',
    },
    form_gone: {
      title: 'Her er ingenting tatt vare på',
      message:
        'Det du sendte, ble tatt vare på i en halv time. Vennligst gå tilbake til siden og send det på nytt.',
    },
    form_of_another: {
      title: 'Dette kan du ikke sende',
      message:
        'Det som er tatt vare på her, tilhører en annen konto og ble ikke sendt. Logg inn med kontoen det ble skrevet med, for å sende det.',
    },
    choose: {
      title: 'Logg inn',
      message: 'Velg hvor du har kontoen din.',
    },
    login_done: {
      title: 'Du er logget inn',
      message: 'Du kan lukke dette vinduet.',
    },
    signed_in: {
      title: 'Du er logget inn',
      message: 'Du har en økt her, og den fortsetter.',
    },
    signed_out: {
      title: 'Du er logget ut',
      message: 'Økten din her er avsluttet.',
    },
    signed_out_here: {
      title: 'Du er logget ut her',
      message: 'Innloggingstjenesten kunne ikke nås: Du kan fortsatt være logget inn der.',
    },
    signing_out: {
      title: 'Logger ut',
      message: 'Du er logget ut her. Ett steg til avslutter økten din hos innloggingstjenesten.',
    },
    sign_out: {
      title: 'Logge ut?',
      message: 'Dette avslutter økten din her.',
    },
    frame_signed_out: {
      title: 'Logget ut',
      message: 'Økten her er avsluttet, hvis det var en.',
    },
  },
  labels: {
    home: 'Startside',
    signIn: 'Logg inn',
    signInAgain: 'Logg inn på nytt',
    useAnotherAccount: 'Bruk en annen konto',
    signOut: 'Logg ut',
    signOutOfService: 'Logg ut av innloggingstjenesten',
    staySignedIn: 'Forbli innlogget',
    continue: 'Fortsett',
    tryAgain: 'Prøv igjen',
    sendIt: 'Send',
    doNotSendIt: 'Ikke send',
    reference: 'Hvis du ber om hjelp, oppgi denne referansen: {reference}',
    missing: 'Det mangler: {list}.',
    missingRole: 'rollen {names}',
    missingRoles: 'en av rollene {names}',
    missingScopes: 'tillatelsen {names}',
    missingClaims: '{names} i kontoen din',
    missingMethod: 'en innlogging med {names}',
  },
};
